"""Stanford Cars as an ivpt data set."""

from ivpt_stanford_cars.dataset import StanfordCars

__all__ = ["StanfordCars"]

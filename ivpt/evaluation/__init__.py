"""The trained model again, from its run file: verification, passes over changed images, questions, new images."""

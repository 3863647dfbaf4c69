"""Ways for a data set plugin to be bad, and the words that it is to be called with. Each is a change of a good one."""

from tests.strangers import GOOD

RECORDS = "return [Record(str(i), i % 2) for i in range(8)]"
IMAGE = "return np.zeros((8, 8, 3), np.uint8)"
INFO = 'return DatasetInfo("stranger", ("a", "b"))'


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def annotated(info: str, annotations: str) -> str:
    method = f"\n    def annotations(self, index):\n        return {annotations}\n"
    return (
        changed(INFO, f'return DatasetInfo("stranger", ("a", "b"), {info})').replace(
            "import Dataset,", "import Annotations, Dataset,"
        )
        + method
    )


AT_IMPORT = {
    "an import error": ("import ivpt.nowhere\n" + GOOD, "ModuleNotFoundError: No module named 'ivpt.nowhere'"),
    "a missing dependency": ("import not_to_be_had\n" + GOOD, "No module named 'not_to_be_had'"),
    "a syntax error": ("def", "SyntaxError"),
    "an exit": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "an error without words": ("raise ValueError", "ValueError: no message"),
    "an error with escape codes": ("raise ValueError('\\x1b[2J\\x1b]0;owned\\x07')", "ValueError: ?[2J?]0;owned?"),
    "no such class": ("Other = 1", "has no attribute 'Plugin'"),
    "the wrong class": ("class Plugin: pass", "is not a subclass of ivpt.interfaces.dataset.Dataset"),
    "a function": ("def Plugin(): pass", "is not a subclass"),
    "missing methods": (changed("def records", "def rekords"), "does not define records"),
    "an old interface": (
        changed("(Dataset):", "(Dataset):\n    api_version = 0"),
        "speaks interface version 0, this ivpt",
    ),
    "a new interface": (
        changed("(Dataset):", "(Dataset):\n    api_version = 9"),
        "speaks interface version 9, this ivpt",
    ),
    "a fork": ("import os\nos.fork()\n" + GOOD, "starts another process while it is imported"),
    "options that cannot be read": (changed("crop: str", "crop: 'Nowhere'"), "name 'Nowhere' is not defined"),
}
"""Found out when it is imported, by whoever uses it and by ``ivpt plugins --check``."""

AT_WORK = {
    "recommends what is no setting": (
        changed("(Dataset):", "(Dataset):\n    recommended = {'training.epoks': 1}"),
        "recommends what is no setting",
    ),
    "recommends nothing sensible": (
        changed("(Dataset):", "(Dataset):\n    recommended = 7"),
        "recommends what is no setting",
    ),
    "raises in its constructor": (
        changed("self.crop, ", "raise KeyError('crop')\n        self.crop, "),
        "cannot be made: KeyError",
    ),
    "exits in its constructor": (
        changed("self.crop, ", "raise SystemExit(0)\n        self.crop, "),
        "cannot be made: SystemExit",
    ),
    "raises in prepare": (
        GOOD + "\n    def prepare(self, progress=None):\n        1 / 0\n",
        "cannot be prepared: ZeroDivisionError",
    ),
    "raises in info": (changed(INFO, "return {}['name']"), "says nothing of itself: KeyError: 'name'"),
    "has no info": (changed(INFO, "return {}"), "says of itself dict, and a DatasetInfo is wanted"),
    "escape codes as class names": (changed('("a", "b")', '("a", "\\x1b[31mred\\x1b[0m")'), "holds control characters"),
    "endless words": (changed('("a", "b")', '("a", "b"), citation="x" * 6_000_000'), "says 6,000,0"),
    "raises in records": (changed(RECORDS, "raise OSError('disk gone')"), "cannot list its images: OSError: disk gone"),
    "raises in len": (
        changed(RECORDS, "return Endless()")
        + "\nclass Endless(list):\n    def __len__(self):\n        raise TypeError('no end')\n",
        "TypeError: no end",
    ),
    "lists something else": (
        changed(RECORDS, "return ['a.png', 'b.png']"),
        "lists image 0 as str, and a Record is wanted",
    ),
    "repeats an id": (changed("str(i), i % 2", "str(i // 2), i % 2"), "lists the image '0' more than once"),
    "labels out of range": (changed("i % 2)", "i % 2 + 1)"), "labels image 1 ('1') 2, and has 2 classes"),
    "labels below zero": (changed("i % 2)", "-(i % 2))"), "labels image 1 ('1') -1, and has 2 classes"),
    "an unknown split": (changed("i % 2)", "i % 2, 'dev')"), "puts image 0 into the split 'dev'"),
    "an unknown attribute": (changed("i % 2)", "i % 2, None, {'place': 3})"), "the attribute 'place' = 3"),
    "raises in image 1000": (
        changed(IMAGE, f"return [][0] if index == 1000 else {IMAGE[7:]}").replace("range(8)", "range(1004)"),
        "fails on image 1000 ('1000'): IndexError",
    ),
    "exits in image": (changed(IMAGE, "raise SystemExit(0)"), "fails on image 0 ('0'): SystemExit"),
    "no image": (changed(IMAGE, "return None"), "gives image 0 ('0') as NoneType"),
    "NaN": (changed(IMAGE, "return np.full((8, 8, 3), np.nan)"), "as float64 of shape (8, 8, 3)"),
    "a wrong shape": (changed(IMAGE, "return np.zeros((3, 8, 8), np.uint8)"), "as uint8 of shape (3, 8, 8)"),
    "an empty image": (changed(IMAGE, "return np.zeros((0, 8, 3), np.uint8)"), "as uint8 of shape (0, 8, 3)"),
    "negative keypoints": (
        annotated("keypoints=('eye',)", "Annotations(np.float32([[-40, 3, 1]]))"),
        "puts the visible keypoint 'eye' of image 0 ('0') at (-40, 3), outside its 8x8 pixels",
    ),
    "keypoints that are no numbers": (
        annotated("keypoints=('eye',)", "Annotations(np.float32([[np.nan, 3, 1]]))"),
        "at (nan, 3), outside its 8x8",
    ),
    "keypoints of another shape": (
        annotated("keypoints=('eye',)", "Annotations(np.float32([[1, 2]]))"),
        "keypoints of shape (1, 2), and (1, 3) is wanted",
    ),
    "a mask of another size": (
        annotated("parts=('eye',)", "Annotations(part_mask=np.zeros((4, 4), np.uint8))"),
        "a mask of shape (4, 4)",
    ),
    "a mask of unknown parts": (
        annotated("parts=('eye',)", "Annotations(part_mask=np.full((8, 8), 255, np.uint8))"),
        "marks part 255 in image 0",
    ),
    "a box of three": (annotated("parts=()", "Annotations(box=(1, 2, 3))"), "gives image 0 ('0') the box (1, 2, 3)"),
    "other annotations": (annotated("parts=()", "{'box': 1}"), "annotations of the type dict"),
}
"""Found out when it is used; it can be imported."""

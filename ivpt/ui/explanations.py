"""What each screen and panel shows and how to read it, for F1."""

from textual.dom import DOMNode

EXPLAINED: dict[str, tuple[str, str]] = {
    "overview": (
        "Overview",
        """What was trained on what, how training went, how good the result is, and what to look at before trusting
        it.

        Tab moves from panel to panel; F1 explains the one in focus. 1 to 7 change the screen, / finds images,
        classes and concepts by name, ctrl+p every command.""",
    ),
    "card": (
        "Run",
        """Where the numbers come from: data set, backbone and its weights (with the start of their checksum), how
        many concepts were asked for, how long it trained, seed and split, versions.

        Two runs with the same seed and split checksum saw the same images in the same roles.""",
    ),
    "accuracy": (
        "Accuracy",
        """Share of images classified rightly, after each epoch. The legend gives the last values. A training curve
        far above the validation curve means that the model has learned its training images by heart.""",
    ),
    "loss": (
        "Loss",
        """The total loss and its two largest terms, after each epoch. docs/paper.md says which equation each term
        is.""",
    ),
    "scores": (
        "Scores",
        """Accuracy of the stored predictions with a 95 % Wilson interval, then every metric stored in the run,
        with its interval where one is defined, and what it was measured on.

        A control is the same figure for something that knows nothing: a grid instead of regions, random cells
        instead of peaks. A score means something only in so far as it is better than its controls.""",
    ),
    "layers": (
        "Layers",
        """Each set of concepts, from fine to coarse, and the share of the maps that is not background. A click
        shows its concepts.""",
    ),
    "data": (
        "Data",
        """Images per split and what is annotated. Keypoints and boxes are never used in training; they tell how
        well concepts agree with parts.""",
    ),
    "warnings": (
        "Look out for",
        """What an analyst should know first: random weights, unfinished training, an accuracy that is not clearly
        above that of always saying one class or rests on few images, a class that is hardly recognised, concepts that
        have no region anywhere or hardly ever, two concepts with nearly the same maps, a concept that owns nearly
        all the foreground of its layer, and concepts that lie mostly outside the objects' boxes or, once ivpt
        evaluate has looked at the pixels, beside the objects.

        None of these is an error. Concepts that never fire are unused room; those outside the boxes may be
        spurious.""",
    ),
    "concepts": (
        "Concepts",
        """What each layer has learned. ] and [ change the layer, the up and down arrows the concept. The right
        arrow goes to the concept of the next, coarser layer in which this one lies, the left arrow to the finer
        one that lies in it.

        v shows the strongest, median or weakest regions alone, s sorts, f filters, N gives a name, enter opens
        the strongest image.""",
    ),
    "list": (
        "Concepts of the layer",
        """area: share of the map in its region, mean over all images with maps. images: share of those images in
        which it has a region at all.

        feeds (prototypes of a block): the coarse concept that the model's grouping assigns it to most often where
        it has a region, and how often; not the one whose region it lies in most, which stands below the list.

        adds (coarse concepts): what it adds to the logit of the true class, signed, mean over
        classes. Only coarse concepts have class scores.

        cons.: its stored consistency, the share of classes in which it always meets the same part. part: the
        keypoint that lies in its regions most often, and the share of keypoints there that it makes up.

        Flags: never and rare (regions), like N (same maps as N), most (owns nearly all of its layer's
        foreground), outside (of the objects' boxes), gone (removed by pruning). A click on a head sorts by it.""",
    ),
    "lineage": (
        "From fine to coarse",
        """At the left, concepts of the layer before and the share of their cells that lies in this concept; for
        coarse concepts, prototypes of every block and how often they are assigned to it. At the right, concepts
        of the next layer and the share of this one's cells that they own.

        Overlap is measured over all images; it decides nothing in the model. The last line follows the
        largest overlap from layer to layer up to the coarse set. It need not end where the concept feeds: the
        column "feeds" tells the group that the model itself gives it. Left and right arrows walk.""",
    ),
    "spread": (
        "Spread over classes",
        """For each class, the concept's mean area and the share of the class's images in which it has a region;
        for coarse concepts also what it adds to the logit of the class, signed.

        A part of all birds is in every class; something in a single class may be that class's mark, or its
        scenery.""",
    ),
    "gallery": (
        "Regions",
        """Regions of the concept cut out of real images. They are ordered by the attention inside the region: the
        strongest are large and sure, the weakest barely there, and the median is what the concept usually looks
        like.

        The strongest alone flatter a concept: judge it by the median and the weakest too. A click opens the
        image.""",
    ),
    "image": (
        "Image",
        """Where the concepts are in one image, and what they add to a class. Left and right go through the images,
        f chooses which, m goes to the next mistake, c to the next image of the class. Up and down choose a
        concept, ] and [ the layer.

        v shows regions beside the picture, regions alone or all layers, h the attention of the concept as a
        heat map, z and Z zoom, shift+arrows pan, + and - blend.

        o draws keypoints and box, O outlines the annotated parts, in dashes of white and black, where the run has
        them. Below the pictures stand the parts by their letters and the keypoints, yellow crosses, from left to
        right. With all layers (v) parts have no letters.""",
    ),
    "plain": (
        "Picture",
        """The image as it is stored in the run: a thumbnail of what the model saw.

        Outlines of parts (O) are labels of the data set, which the model never saw: held against its regions they
        tell whether a concept keeps to a part.""",
    ),
    "regions": (
        "Regions",
        """Each cell of the map belongs to the concept with the highest attention there. A number stands in every
        region, as colours repeat after sixteen concepts. Background is darkened.

        As a heat map: the attention of the chosen concept, from 0 (dark blue) to 1 (yellow), before cells are
        given to the strongest. The colours of the scale are those of the heat alone; the picture shows through
        by the share that stands beside it.""",
    ),
    "evidence": (
        "Why this class",
        """What each coarse concept adds to the logit of the class explained, signed. This is exact: the bars add
        up to the logit, as logits are a mean over the concepts' class scores. Probabilities are a softmax over
        all logits.

        x shows the difference to another class instead: positive bars speak for the first class and not for the
        other. w and W choose the two classes by name; else they are the predicted and the next likely one, or
        the true one of a mistake.""",
    ),
    "present": (
        "Concepts here",
        """The concepts that own at least a cell of this image, the largest first, with their share of the map and
        the coarse concept each is assigned to in this image.""",
    ),
    "strip": (
        "All layers",
        "The regions of every layer, from fine to coarse. A click chooses the layer.",
    ),
    "classes": (
        "Classes",
        """What speaks for each class, which are confused, and how two differ; v goes through the three views.
        Enter goes through the images of the class, or of the confusion.""",
    ),
    "class-list": (
        "The list",
        """Classes with their accuracy on the split named above, their images in it, and the class each is taken for
        most often. The bar is the paper's: a softmax over the coarse concepts' mean scores, so it shows
        shares and hides signs.

        In the view of confusions: each kind of mistake, true class and what it was taken for, the largest
        first.""",
    ),
    "class-main": (
        "The view",
        """What speaks for it: what each coarse concept adds to the logit of the class, mean over its val and test
        images, signed; the share is the paper's softmax over concepts.

        Confusions: true classes down, predicted across; green is right, red is a tenth of the class or more.
        Where there are more than 40 classes, those with the most confusions are shown, and +N counts what went
        elsewhere.

        Two classes: coarse concepts by what they add to the difference of the two logits, in the images of the
        first and of the second class (1st / 2nd); the others by the difference of their area, with the area and
        the share of images with a region in either.""",
    ),
    "class-examples": (
        "Images of the class",
        """Images with stored maps, spread evenly over all of the class, with the regions of the coarse concepts.
        ✗ names the class one was taken for. A click opens the image.""",
    ),
    "class-mistakes": (
        "Mistakes",
        "How often this class was taken for others, and others for it.",
    ),
    "prune": (
        "Prune",
        """What happens without some concepts. Space marks the concept at hand, on this screen and on Concepts; u takes
        the last edit back, also one of an earlier day. Marks are kept beside the run file, which is never changed.

        There are two answers, and they are not the same. A leaves the stored scores of coarse concepts out of the
        sum. B runs the network again without the prototypes. Neither is a model that was trained without them.

        v changes what both answers show, a or tab moves the arrow keys, s goes to val images, e and E save and
        use named sets of marks. w writes the run without the marked prototypes.""",
    ),
    "prune-list": (
        "Concepts of the layer",
        """[x] is marked; gone has been removed from this run before. The arrow tells which coarse concept a prototype
        is assigned to most often where it has a region.""",
    ),
    "prune-marked": (
        "Marked",
        "Everything that is marked, in every layer, the named sets, and what u would undo.",
    ),
    "prune-evidence": (
        "A: evidence removed",
        """Exact arithmetic on stored scores: the class scores of the marked coarse concepts are set to 0. Maps, prompts
        and the scores of the other concepts stay as they are. The sum keeps its order without the division by the
        number of concepts, so predictions are those of the concepts that are left.

        Only coarse concepts have class scores. A prototype of a block has no part in this answer.

        It is not what a model would say that had never had the concept: the others would have learned
        otherwise.""",
    ),
    "prune-model": (
        "B: removed from the model",
        """The network runs again over the stored val and test images, without the marked prototypes in any layer:
        their cells go to the prototypes that are left, prompts and maps change, and so do all scores. It is a job
        in another process: r starts it, esc cancels it, K ends it at once; nothing is left behind. It first loads
        torch and the model; meanwhile only the clock moves.

        h fits the linear heads anew on the training images afterwards. Everything else stays as trained.

        The answer is shown for exactly the marks it was asked about, and for no others. w keeps the result as a
        run file, o lays it beside this run.""",
    ),
    "compare": (
        "Compare",
        """A second run beside this one: o asks for its file. Concepts of a layer are matched one to one so that the sum
        of their overlaps (intersection over union of their regions on images that both runs have) is greatest; below
        0.25 two concepts are not the same. Without common images prototypes of the same backbone are compared.

        v shows regions, importance per class, or predictions that changed.""",
    ),
    "compare-list": (
        "Pairs",
        """Matched concepts by overlap, and by chance: the overlap that regions of these sizes would have if they lay
        independently. Then concepts that only one of the runs has, with the best overlap they reach. A pair has one
        colour in both runs, and the names that it has in either.""",
    ),
    "compare-note": (
        "How they were matched",
        """What was compared with what, and on how many images.

        Where prototypes are compared, the cosines of the pairs that are no match say what unrelated prototypes have.
        Runs of one seed draw the same prototypes at their start, and training turns them only so far: concept k is then
        like concept k, whatever the two runs have learned. Compare runs of different seeds to rule that out.""",
    ),
    "compare-pictures": (
        "Regions of both",
        """The same images twice, with the region of the concept in run A and in run B: where it is largest and surest,
        in the middle, and where it is least. Without common images each run shows its own.""",
    ),
    "compare-lines": (
        "The view",
        """Importance: what the pair of coarse concepts adds to the logit of each class in either run, signed, over its
        val and test images; classes that differ most come first.

        Predictions: images that both runs have judged and neither was trained on. Enter goes to the image.""",
    ),
    "naming": (
        "Naming",
        """Names and notes of concepts. Names are shown on every screen and kept beside the run file, so that they
        outlast another evaluation. x writes them for somebody else, i takes a file's names over, c only compares
        with them.

        b begins or continues blind naming, the paper's human study: regions drawn at random are shown without
        their prototypes, described and rated.""",
    ),
    "naming-list": ("Concepts of the layer", "Names as given; * has a note, ✕ is marked to be dropped."),
    "naming-detail": ("The concept", "What each person calls it, and the note about it."),
    "naming-pictures": (
        "Regions",
        "The strongest, the median and the weakest region of the concept: a name should fit all three.",
    ),
    "naming-people": (
        "People",
        """How many concepts each person has named, and how far they agree: the share of concepts that two have given
        the same name, and Cohen's kappa, which is 0 where agreement is what chance gives.

        Of blind naming: how many descriptions are the concept's name, agreement on regions that two people have
        described, and the mean of the ratings from 1 to 5 with its standard deviation.""",
    ),
}
"""By name of a screen or id of a widget: its title and, in paragraphs, what it shows."""


def explanation(screen: str, focused: DOMNode | None) -> tuple[str, str]:
    """The title and text for the widget in focus or the nearest one around it; for the screen when there is none."""
    node = focused
    while node is not None:
        if node.id in EXPLAINED:
            return EXPLAINED[node.id]
        node = node.parent
    return EXPLAINED.get(screen, (screen.capitalize(), "Nothing is written about this screen yet."))

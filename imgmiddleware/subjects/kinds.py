"""The kinds of subjects that can be looked for, by the words that a query has for them."""

from collections.abc import Callable, Mapping

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.subjects.edges import Edges
from imgmiddleware.subjects.entropy import Entropy
from imgmiddleware.subjects.faces import Faces
from imgmiddleware.subjects.subject import Subject

#: How each is found in a small picture: uint8, gray or BGR, upright.
KINDS: Mapping[str, Callable[[Pixels], Subject]] = {
    "faces": Faces.find,
    "edges": Edges.find,
    "entropy": Entropy.find,
}

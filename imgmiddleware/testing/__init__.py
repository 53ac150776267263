"""Conformance suites: what a source or a result store of your own must do, as tests to inherit.

    from imgmiddleware.testing import SourceConformance

    class TestBucket(SourceConformance):
        def make_source(self):
            return BucketSource("test-bucket")

        def write(self, source, id, data):
            source.client.put(id, data)

pytest collects the tests of such a class, unittest too if it also derives from `unittest.TestCase`.
Each test makes what it tests anew. Fixtures, `setup_method` and `setUp` work as in any other class.
"""

from imgmiddleware.testing.sources import OriginalConformance, SourceConformance
from imgmiddleware.testing.stores import ResultStoreConformance

__all__ = ["OriginalConformance", "ResultStoreConformance", "SourceConformance"]

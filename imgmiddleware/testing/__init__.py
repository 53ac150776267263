"""Conformance suites: the duties of your own source or result store, as tests to inherit.

    from imgmiddleware.testing import SourceConformance

    class TestBucket(SourceConformance):
        def make_source(self):
            return BucketSource("test-bucket")

        def write(self, source, id, data):
            source.client.put(id, data)

pytest collects the tests of such a class, unittest too if it also derives from `unittest.TestCase`.
Each test makes its object anew. Fixtures, `setup_method` and `setUp` work as in any other class.
"""

from imgmiddleware.testing.sources import OriginalConformance, SourceConformance
from imgmiddleware.testing.stores import ResultStoreConformance

__all__ = ["OriginalConformance", "ResultStoreConformance", "SourceConformance"]

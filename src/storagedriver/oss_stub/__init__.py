"""A stub of Alibaba Cloud OSS, made for this kit after the service's published API: not Alibaba's, and no proof about theirs.

It keeps buckets in memory and knows what a driver of files needs: objects, ranges, conditions, copies, multipart uploads,
appendable objects, listings, deletes of many, and signatures of version 4 in headers and in URLs, which it verifies. What
it does not know it refuses. `python -m storagedriver.oss_stub` runs it.
"""

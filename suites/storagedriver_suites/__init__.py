"""The suites that ship with storagedriver. Each folder is one suite; its `GROUPS` name what it judges."""

"""The local stack: everything Recast needs on one machine, started, watched and stopped as one (``recast up``)."""

// The Assets module.

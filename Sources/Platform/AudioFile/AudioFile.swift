// The AudioFile module.

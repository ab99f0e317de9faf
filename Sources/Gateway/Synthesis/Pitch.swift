import Glibc

/// The frequency in Hz of a MIDI note number, in equal temperament with A4 = 440 Hz.
func pitch(_ note: Float) -> Float { 440 * exp2f((note - 69) / 12) }

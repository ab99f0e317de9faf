/// A recipe and the words that call it.
package struct VocabularyEntry: Sendable {
    /// Lower-case words; any of them in the prompt is enough.
    package let words: [String]
    /// What they call.
    package let recipe: Recipe
}

/// The words that the synthesizer knows; plural endings are understood.
package let vocabulary: [VocabularyEntry] = [
    entry(.rain, "rain rainy raining rainfall drizzle downpour rainstorm monsoon shower storm thunderstorm"),
    entry(.thunder, "thunder thunderstorm lightning thunderclap storm"),
    entry(.wind, "wind windy gust breeze breezy blizzard gale storm hurricane howling air desert"),
    entry(.waves, "wave ocean sea surf beach shore coast seaside tide"),
    entry(.stream, "stream river creek brook water waterfall fountain bubbling underwater aquarium"),
    entry(.fire, "fire campfire fireplace flame bonfire burning crackling crackle torch"),
    entry(
        .crowd,
        "crowd people audience voices chatter talking murmur restaurant cafe bar market stadium babble"
    ),
    entry(.applause, "applause clapping clap cheer cheering ovation"),
    entry(
        .engine,
        "engine motor car truck vehicle machine machinery generator hum humming drone helicopter airplane plane fan spaceship reactor"
    ),
    entry(.birds, "bird birdsong chirp chirping tweet forest jungle dawn meadow garden songbird"),
    entry(.crickets, "cricket insect cicada night nighttime summer swamp"),
    entry(.click, "click switch tap mouse keyboard typing button pop snap lock latch"),
    entry(
        .impact,
        "impact hit punch thud crash explosion explode boom blast bang smash slam cannon gunshot shot collision gun"
    ),
    entry(.door, "door gate hatch knock knocking"),
    entry(.footsteps, "footstep step walking walk walker running run runner steps boots marching march"),
    entry(.whoosh, "whoosh swoosh swish swing transition flyby pass sweep sword dash"),
    entry(.bell, "bell chime gong church ding dong doorbell glockenspiel carillon"),
    entry(.alarm, "alarm siren warning alert emergency buzzer"),
    entry(
        .blip,
        "blip beep ui notification interface coin pickup menu success confirm bleep message powerup levelup jingle"
    ),
    entry(.laser, "laser zap ray blaster phaser scifi pew"),
    entry(.heartbeat, "heart heartbeat pulse"),
    entry(.clock, "clock tick ticking watch timer metronome"),
    entry(.drums, "drum beat percussion drumloop breakbeat groove drumbeat rhythm"),
    entry(.bass, "bass bassline sub"),
    entry(.pad, "pad strings ambient synth synthesizer choir orchestral orchestra cinematic atmosphere"),
    entry(.arpeggio, "arpeggio arp arpeggiated pluck plucks chiptune harp sequence sequencer melody"),
    entry(.keys, "piano keys rhodes keyboardist chord"),
    entry(.guitar, "guitar riff distortion"),
    entry(.vinyl, "vinyl record dusty"),
    entry(.drone, "tone sine note pitch"),
]

/// Music by the name of its style: the drums' bar, and the parts that play.
package struct MusicStyle: Sendable {
    /// Lower-case words that ask for it.
    package let words: [String]
    /// The parts that play when the prompt names none itself.
    package let recipes: [Recipe]
    let drums: DrumStyle
}

/// The styles that the synthesizer knows.
package let musicStyles: [MusicStyle] = [
    style("lofi lo-fi chillhop study chill", .lofi, .drums, .keys, .bass, .vinyl),
    style("hiphop hip-hop rap boombap", .hiphop, .drums, .bass, .keys),
    style("trap drill phonk", .trap, .drums, .bass, .arpeggio),
    style("rock metal punk grunge", .rock, .drums, .guitar, .bass),
    style("house disco dance edm pop", .house, .drums, .bass, .pad, .arpeggio),
    style("techno trance electronic electro synthwave industrial", .techno, .drums, .bass, .arpeggio),
    style("dnb jungle breakcore breakbeat", .breaks, .drums, .bass, .pad),
    style("jazz swing bossa blues", .jazz, .drums, .keys, .bass),
    style("epic cinematic trailer orchestral battle", .epic, .drums, .pad, .bass),
    style("ambient meditation relaxing sleep drone atmospheric", .plain, .pad, .bell),
    style("chiptune 8bit 8-bit arcade game", .plain, .drums, .arpeggio, .bass),
]

private func entry(_ recipe: Recipe, _ words: String) -> VocabularyEntry {
    VocabularyEntry(words: words.split(separator: " ").map(String.init), recipe: recipe)
}

private func style(_ words: String, _ drums: DrumStyle, _ recipes: Recipe...) -> MusicStyle {
    MusicStyle(words: words.split(separator: " ").map(String.init), recipes: recipes, drums: drums)
}

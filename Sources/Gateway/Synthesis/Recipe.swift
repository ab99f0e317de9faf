/// One kind of sound that the synthesizer can make.
package enum Recipe: String, Sendable, CaseIterable {
    // Effects that go on.
    case rain, wind, waves, stream, fire, crowd, applause, engine, birds, crickets, thunder
    // Effects that happen.
    case click, impact, door, footsteps, whoosh, bell, alarm, blip, laser, heartbeat, clock
    // Parts of music.
    case drums, bass, pad, arpeggio, keys, guitar, vinyl
    // What stands in when no word is known, and what carries a key.
    case texture, drone

    /// Whether it sounds all the time, rather than in single events.
    var isSteady: Bool {
        switch self {
        case .rain, .wind, .waves, .stream, .fire, .crowd, .applause, .engine, .crickets, .pad, .vinyl,
            .texture, .drone:
            true
        default: false
        }
    }

    /// Whether it's a part of music, which always has a tempo and a harmony.
    var isMusical: Bool {
        switch self {
        case .drums, .bass, .pad, .arpeggio, .keys, .guitar: true
        default: false
        }
    }

    /// Whether its notes keep to the key by themselves.
    var carriesKey: Bool {
        switch self {
        case .engine, .bell, .alarm, .blip, .bass, .pad, .arpeggio, .keys, .guitar, .texture, .drone: true
        default: false
        }
    }

    /// Whether its events fall on the beats when there is a tempo.
    var carriesTempo: Bool {
        switch self {
        case .click, .impact, .door, .footsteps, .whoosh, .bell, .alarm, .blip, .laser, .heartbeat, .clock,
            .drums:
            true
        default: false
        }
    }

    /// A sensible length in seconds, music apart.
    var usualSeconds: Double {
        switch self {
        case .click: 1
        case .blip, .laser: 1.2
        case .whoosh: 1.5
        case .door: 2
        case .impact: 2.5
        case .alarm, .heartbeat, .clock, .footsteps: 4
        case .bell: 5
        case .thunder: 7
        default: 8
        }
    }

    /// How loud it stands in a mix, in dB.
    var level: Float {
        switch self {
        case .drums: -2
        case .bass: -6
        case .arpeggio, .birds: -8
        case .keys, .guitar: -7
        case .pad: -10
        case .vinyl: -24
        case .crickets: -9
        case .drone: -11
        case .wind, .crowd, .engine: -5
        default: -4
        }
    }

    func paint(_ canvas: inout Canvas, _ scene: inout Scene) {
        switch self {
        case .rain: paintRain(&canvas, &scene)
        case .wind: paintWind(&canvas, &scene)
        case .waves: paintWaves(&canvas, &scene)
        case .stream: paintStream(&canvas, &scene)
        case .fire: paintFire(&canvas, &scene)
        case .crowd: paintCrowd(&canvas, &scene)
        case .applause: paintApplause(&canvas, &scene)
        case .engine: paintEngine(&canvas, &scene)
        case .birds: paintBirds(&canvas, &scene)
        case .crickets: paintCrickets(&canvas, &scene)
        case .thunder: paintThunder(&canvas, &scene)
        case .click: paintClick(&canvas, &scene)
        case .impact: paintImpact(&canvas, &scene)
        case .door: paintDoor(&canvas, &scene)
        case .footsteps: paintSteps(&canvas, &scene)
        case .whoosh: paintWhoosh(&canvas, &scene)
        case .bell: paintBell(&canvas, &scene)
        case .alarm: paintAlarm(&canvas, &scene)
        case .blip: paintBlip(&canvas, &scene)
        case .laser: paintLaser(&canvas, &scene)
        case .heartbeat: paintHeart(&canvas, &scene)
        case .clock: paintClock(&canvas, &scene)
        case .drums: paintDrums(&canvas, &scene)
        case .bass: paintBass(&canvas, &scene)
        case .pad: paintPad(&canvas, &scene)
        case .arpeggio: paintArpeggio(&canvas, &scene)
        case .keys: paintKeys(&canvas, &scene)
        case .guitar: paintGuitar(&canvas, &scene)
        case .vinyl: paintVinyl(&canvas, &scene)
        case .texture: paintTexture(&canvas, &scene)
        case .drone: paintDrone(&canvas, &scene)
        }
    }
}

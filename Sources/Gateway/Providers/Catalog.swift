/// Every adapter that this build knows, in the order in which an unconfigured gateway would prefer them.
package let catalog: [ProviderDescriptor] = [
    MusicGPT.provider,
    SunoAPI.provider,
    SunoAPI.apibox,
    SunoAPI.kie,
    ElevenLabs.provider,
    VideoGen.provider,
    Builtin.provider,
]

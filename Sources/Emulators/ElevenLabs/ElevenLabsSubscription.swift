import JSON

/// The account as `user/subscription` tells it, with the members that the vendor's SDK needs.
struct ElevenLabsSubscription {
    private let settings: ElevenLabsSettings

    init(_ settings: ElevenLabsSettings) { self.settings = settings }

    var json: JSONObject {
        var json: JSONObject = [
            "tier": .string(settings.tier.rawValue),
            "character_count": JSONValue(settings.used),
            "character_limit": JSONValue(settings.limit),
        ]
        json["max_character_limit_extension"] = 0
        json["max_credit_limit_extension"] = 0
        json["current_overage"] = ["amount": "0", "currency": "usd"]
        json["currency"] = "usd"
        json["status"] = "active"
        json["billing_period"] = "monthly_period"
        json["character_refresh_period"] = "monthly_period"
        json["next_character_count_reset_unix"] = .null
        json["open_invoices"] = []
        for name in [
            "can_extend_character_limit", "allowed_to_extend_character_limit", "can_extend_voice_limit",
            "can_use_instant_voice_cloning", "can_use_professional_voice_cloning", "has_open_invoices",
        ] { json[name] = false }
        for name in [
            "voice_slots_used", "professional_voice_slots_used", "professional_voice_slots_used_in_workspace",
            "voice_limit", "voice_add_edit_counter", "professional_voice_limit",
        ] { json[name] = 0 }
        return json
    }
}

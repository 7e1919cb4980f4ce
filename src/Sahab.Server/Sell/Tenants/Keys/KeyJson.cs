using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sahab.Routing.Requests;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Tenants.Keys;

/// <summary>Keys as the control API reads them and the log of changes has them.</summary>
internal static class KeyJson
{
    const int MaxNameChars = 100;

    /// <summary>Names in a list of models, or of countries.</summary>
    const int MaxListed = 200;

    static readonly string[] Known =
        ["name", "expires_at", "models", "service_tiers", "countries", "data", "limits"];

    static readonly JsonSerializerOptions Strict = new(ControlJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    static readonly string[] KnownLimits = ["requests_per_minute", "tokens_per_minute", "concurrency"];

    /// <summary>Writes what the key's maker decides.</summary>
    public static void Write(JsonObject json, KeyTerms terms)
    {
        json["name"] = terms.Name;
        json["expires_at"] = Time(terms.ExpiresAt);
        json["models"] = List(terms.Models);
        json["service_tiers"] = List(terms.Tiers?.Select(NameOf).ToImmutableArray());
        json["countries"] = List(terms.Countries);
        json["data"] = terms.Data is { } data ? DataRulesText.ToJson(data) : null;
        json["limits"] = new JsonObject
        {
            ["requests_per_minute"] = terms.RequestsPerMinute,
            ["tokens_per_minute"] = terms.TokensPerMinute,
            ["concurrency"] = terms.Concurrency,
        };
    }

    /// <summary>The terms after a change: what the body names is replaced, all else stays.</summary>
    /// <param name="before">Null: a new key, which needs a name.</param>
    public static (KeyTerms? Terms, ControlProblem? Fault) Read(
        JsonObject body, KeyTerms? before, SahabConfig config, DateTimeOffset now)
    {
        if (body.Select(member => member.Key).FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
        {
            return (null, ControlError.Invalid(unknown, $"A key has no '{unknown}'. It has: {string.Join(", ", Known)}."));
        }

        var terms = before ?? new KeyTerms { Name = "" };
        var fault = ReadName(body, ref terms)
            ?? ReadExpiry(body, now, ref terms)
            ?? ReadModels(body, config, ref terms)
            ?? ReadTiers(body, ref terms)
            ?? ReadCountries(body, ref terms)
            ?? ReadData(body, config, ref terms)
            ?? ReadLimits(body, ref terms);
        return fault is null ? (terms, null) : (null, fault);
    }

    public static string NameOf(ServiceTier tier) => JsonNamingPolicy.SnakeCaseLower.ConvertName(tier.ToString());

    [return: NotNullIfNotNull(nameof(time))]
    public static string? Time(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    static ControlProblem? ReadName(JsonObject body, ref KeyTerms terms)
    {
        if (!body.ContainsKey("name") && terms.Name.Length > 0)
        {
            return null;
        }

        if (Text(body["name"])?.Trim() is not { Length: > 0 and <= MaxNameChars } name || name.Any(char.IsControl))
        {
            return ControlError.Invalid("name", $"A key needs a name: 1 to {MaxNameChars} characters, without control characters.");
        }

        terms = terms with { Name = name };
        return null;
    }

    static ControlProblem? ReadExpiry(JsonObject body, DateTimeOffset now, ref KeyTerms terms)
    {
        if (!body.TryGetPropertyValue("expires_at", out var given))
        {
            return null;
        }

        if (given is null)
        {
            terms = terms with { ExpiresAt = null };
            return null;
        }

        if (!DateTimeOffset.TryParse(
                Text(given), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            || time <= now || time.Year > 9000)
        {
            return ControlError.Invalid(
                "expires_at", "expires_at must be a time to come, such as 2030-01-31T00:00:00Z, or null.");
        }

        terms = terms with { ExpiresAt = time.ToUniversalTime() };
        return null;
    }

    static ControlProblem? ReadModels(JsonObject body, SahabConfig config, ref KeyTerms terms)
    {
        if (ReadList(body, "models", out var names, out var given) is { } fault)
        {
            return fault;
        }

        string[] known = [.. config.Models.Select(model => model.Id), .. config.Aliases.Keys];
        if (names?.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            return ControlError.Invalid("models", $"There is no model '{unknown}'. There are: {string.Join(", ", known)}.");
        }

        if (given)
        {
            terms = terms with { Models = names };
        }

        return null;
    }

    static ControlProblem? ReadTiers(JsonObject body, ref KeyTerms terms)
    {
        if (ReadList(body, "service_tiers", out var names, out var given) is { } fault)
        {
            return fault;
        }

        var tiers = new List<ServiceTier>();
        foreach (var name in names ?? [])
        {
            var found = Enum.GetValues<ServiceTier>().Where(tier => NameOf(tier) == name).ToList();
            if (found.Count == 0)
            {
                return ControlError.Invalid(
                    "service_tiers",
                    $"There is no tier '{name}'. There are: {string.Join(", ", Enum.GetValues<ServiceTier>().Select(NameOf))}.");
            }

            tiers.Add(found[0]);
        }

        if (given)
        {
            terms = terms with { Tiers = names is null ? null : [.. tiers.Distinct().Order()] };
        }

        return null;
    }

    static ControlProblem? ReadCountries(JsonObject body, ref KeyTerms terms)
    {
        if (ReadList(body, "countries", out var codes, out var given) is { } fault)
        {
            return fault;
        }

        if (codes?.FirstOrDefault(code => !TextForms.Fits(TextForm.Country, code)) is { } unknown)
        {
            return ControlError.Invalid(
                "countries", $"'{unknown}' is not {TextForms.Describe(TextForm.Country)}.");
        }

        if (given)
        {
            terms = terms with { Countries = codes };
        }

        return null;
    }

    /// <summary>Rules on the key's data: as a whole, and null for none.</summary>
    static ControlProblem? ReadData(JsonObject body, SahabConfig config, ref KeyTerms terms)
    {
        if (!body.TryGetPropertyValue("data", out var given))
        {
            return null;
        }

        DataRulesDesk.DataRulesBody? rules;
        try
        {
            rules = given.Deserialize<DataRulesDesk.DataRulesBody>(Strict);
        }
        catch (JsonException)
        {
            return ControlError.Invalid(
                "data", "data must be null, or an object of process_in, store_in and usage_in, each a list of countries and "
                + "zones, and keep_for, a time such as 24h.");
        }

        if (rules?.FaultIn(config) is { } fault)
        {
            return fault with { Parameter = $"data.{fault.Parameter}" };
        }

        terms = terms with { Data = rules is { IsEmpty: false } ? rules.ToRules() : null };
        return null;
    }

    static ControlProblem? ReadLimits(JsonObject body, ref KeyTerms terms)
    {
        if (!body.TryGetPropertyValue("limits", out var given))
        {
            return null;
        }

        var limits = given as JsonObject;
        if (given is not null && (limits is null || limits.Any(limit => !KnownLimits.Contains(limit.Key))))
        {
            return ControlError.Invalid("limits", $"limits must be null, or an object of: {string.Join(", ", KnownLimits)}.");
        }

        foreach (var name in KnownLimits)
        {
            if (limits is not null && limits.TryGetPropertyValue(name, out var node) && node is not null
                && !(node is JsonValue value && value.TryGetValue<long>(out var amount) && amount >= 1
                    && amount <= (name == "tokens_per_minute" ? 1_000_000_000_000 : int.MaxValue)))
            {
                return ControlError.Invalid($"limits.{name}", $"limits.{name} must be a whole number from 1, or null.");
            }
        }

        // As a whole: a limit that is not named does not bind.
        terms = terms with
        {
            RequestsPerMinute = (int?)(long?)limits?["requests_per_minute"],
            TokensPerMinute = (long?)limits?["tokens_per_minute"],
            Concurrency = (int?)(long?)limits?["concurrency"],
        };
        return null;
    }

    /// <summary>A list of texts, null where null was given.</summary>
    static ControlProblem? ReadList(JsonObject body, string name, out ImmutableArray<string>? list, out bool given)
    {
        list = null;
        given = body.TryGetPropertyValue(name, out var node);
        if (node is null)
        {
            return null;
        }

        if (node is not JsonArray { Count: > 0 and <= MaxListed } array || array.Any(item => Text(item) is null))
        {
            return ControlError.Invalid(name, $"{name} must be null for all, or a list of 1 to {MaxListed} texts.");
        }

        list = [.. array.Select(item => Text(item)!).Distinct(StringComparer.Ordinal)];
        return null;
    }

    static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    static JsonArray? List(ImmutableArray<string>? names) =>
        names is { } all ? new JsonArray([.. all.Select(name => (JsonNode)JsonValue.Create(name)!)]) : null;
}

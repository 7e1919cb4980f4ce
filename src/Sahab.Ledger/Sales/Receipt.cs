using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Sales;

/// <summary>
/// What a customer is given for a call that was sold, and for each correction of it: enough to work out its price again,
/// numbered, chained to the receipt before, and signed.
/// </summary>
public sealed record Receipt
{
    /// <summary>The hash before the first receipt of an organisation.</summary>
    public static readonly string Beginning = new('0', 64);

    const string SignatureMember = ",\"signature\":\"";
    const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>Whose it is.</summary>
    public required string Organisation { get; init; }

    /// <summary>From 1 for each organisation, without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>The usage event.</summary>
    public required Guid EventId { get; init; }

    /// <summary>The call that it is of.</summary>
    public required Guid CallId { get; init; }

    /// <summary>0; or the number of the correction, which takes the place of all with lower ones.</summary>
    public required int Revision { get; init; }

    /// <summary>When the attempt that answered was made, to a microsecond.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The id of the key that the call came with.</summary>
    public required string Key { get; init; }

    /// <summary>The model that was called.</summary>
    public required string Model { get; init; }

    /// <summary>The service tier that it was served at.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>The tokens.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>Where the price stands.</summary>
    public required string Plan { get; init; }

    /// <summary>The price.</summary>
    public required PriceTerms Prices { get; init; }

    /// <summary>What is owed for the call, before volume discounts and free allowances.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>The hash of the receipt before, in 64 lower-case hexadecimal digits.</summary>
    public required string Previous { get; init; }

    /// <summary>The key that it is signed with.</summary>
    public required string KeyId { get; init; }

    /// <summary>The hash of a receipt's line, for the next one.</summary>
    public static string HashOf(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));

    /// <summary>What is signed: a JSON object of members in one order, without blanks.</summary>
    public string ToBody()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("receipt", 1);
            json.WriteString("organisation", Organisation);
            json.WriteNumber("sequence", Sequence);
            json.WriteString("event", EventId);
            json.WriteString("call", CallId);
            json.WriteNumber("revision", Revision);
            json.WriteString("started_at", StartedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteString("key", Key);
            json.WriteString("model", Model);
            json.WriteString("service_tier", ServiceTier);
            json.WriteNumber("prompt_tokens", Usage.PromptTokens);
            json.WriteNumber("cached_tokens", Usage.CachedTokens);
            json.WriteNumber("cache_write_tokens", Usage.CacheWriteTokens);
            json.WriteNumber("cache_write_1h_tokens", Usage.CacheWrite1hTokens);
            json.WriteNumber("output_tokens", Usage.OutputTokens);
            json.WriteString("plan", Plan);
            json.WriteNumber("prompt_nano_usd_per_million", Prices.PromptNanoPerMillion);
            json.WriteNumber("cached_nano_usd_per_million", Prices.CachedNanoPerMillion);
            json.WriteNumber("cache_write_nano_usd_per_million", Prices.CacheWriteNanoPerMillion);
            json.WriteNumber("cache_write_1h_nano_usd_per_million", Prices.CacheWrite1hNanoPerMillion);
            json.WriteNumber("output_nano_usd_per_million", Prices.OutputNanoPerMillion);
            json.WriteNumber("amount_nano_usd", Amount.Value);
            json.WriteString("previous", Previous);
            json.WriteString("key_id", KeyId);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>The line of a receipt: its body with the signature as the last member.</summary>
    /// <param name="body">What <see cref="ToBody"/> gave.</param>
    /// <param name="signature">The signature of the body's bytes: r and s of ECDSA on P-256 over SHA-256, 64 bytes.</param>
    public static string ToLine(string body, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(body);
        return string.Concat(body.AsSpan(0, body.Length - 1), SignatureMember, Convert.ToHexStringLower(signature), "\"}");
    }

    /// <summary>
    /// A line as it was written, with its body and signature; null where it is written in any other way, so that two lines
    /// with one meaning do not exist.
    /// </summary>
    public static (Receipt Receipt, string Body, byte[] Signature)? Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var at = line.LastIndexOf(SignatureMember, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        try
        {
            var body = line[..at] + "}";
            using var json = JsonDocument.Parse(line);
            var receipt = Read(json.RootElement);
            var signature = Convert.FromHexString(json.RootElement.GetProperty("signature").GetString()!);
            return receipt.ToBody() == body && ToLine(body, signature) == line ? (receipt, body, signature) : null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    static Receipt Read(JsonElement json)
    {
        long Number(string name) => json.GetProperty(name).GetInt64();
        string Text(string name) => json.GetProperty(name).GetString() ?? "";
        return new Receipt
        {
            Organisation = Text("organisation"),
            Sequence = Number("sequence"),
            EventId = json.GetProperty("event").GetGuid(),
            CallId = json.GetProperty("call").GetGuid(),
            Revision = json.GetProperty("revision").GetInt32(),
            StartedAt = DateTimeOffset.ParseExact(
                Text("started_at"), TimeFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
            Key = Text("key"),
            Model = Text("model"),
            ServiceTier = Text("service_tier"),
            Usage = new TokenUsage(Number("prompt_tokens"), Number("cached_tokens"), Number("output_tokens"), 0)
            {
                CacheWriteTokens = Number("cache_write_tokens"),
                CacheWrite1hTokens = Number("cache_write_1h_tokens"),
            },
            Plan = Text("plan"),
            Prices = new PriceTerms(
                Number("prompt_nano_usd_per_million"), Number("cached_nano_usd_per_million"),
                Number("cache_write_nano_usd_per_million"), Number("cache_write_1h_nano_usd_per_million"),
                Number("output_nano_usd_per_million")),
            Amount = new NanoUsd(Number("amount_nano_usd")),
            Previous = Text("previous"),
            KeyId = Text("key_id"),
        };
    }
}

using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Media;

/// <summary>An operation on images, sound or what is to be moderated: of JSON or of a form.</summary>
/// <param name="Path">Its path below the version.</param>
/// <param name="Kind">The kind of model that it needs.</param>
internal sealed record MediaOperation(
    string Path, ModelKind Kind, Func<RequestFields, MediaTerms, MediaAnswer>? OfJson = null,
    Func<FormRequest, MediaTerms, MediaAnswer>? OfForm = null);

/// <summary>What an answer says or depends on that is not in the request.</summary>
/// <param name="BillsTokens">Whether the model is billed by the token.</param>
/// <param name="Seed">Of whatever is drawn; the model is in it.</param>
internal readonly record struct MediaTerms(string Model, bool BillsTokens, ulong Seed, string RequestId, long UnixSeconds);

/// <summary>A whole answer, planned before it takes its time.</summary>
internal sealed class MediaAnswer
{
    /// <summary>What it costs in tokens; none for most.</summary>
    public Usage Usage { get; init; }

    /// <summary>Writes the answer where it is JSON, with the usage that it may tell; none where there is a body.</summary>
    public Action<Utf8JsonWriter, Usage?>? WriteJson { get; init; }

    public string ContentType { get; init; } = "";

    public ReadOnlyMemory<byte> Body { get; init; }
}

using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.Responses;

/// <summary>How the JSON of responses is written.</summary>
static class ResponsesJson
{
    public static readonly JsonWriterOptions Options = new()
    {
        // The body is JSON and never part of a page, so that only what JSON needs is escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };
}

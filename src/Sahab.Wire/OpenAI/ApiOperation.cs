using System.Diagnostics.CodeAnalysis;

namespace Sahab.Wire.OpenAI;

/// <summary>An operation of the OpenAI API whose request is read before it is sent on.</summary>
public enum ApiOperation : byte
{
    /// <summary><c>POST /v1/chat/completions</c>.</summary>
    ChatCompletions,

    /// <summary><c>POST /v1/completions</c>.</summary>
    Completions,

    /// <summary><c>POST /v1/embeddings</c>.</summary>
    Embeddings,

    /// <summary><c>POST /v1/moderations</c>.</summary>
    Moderations,

    /// <summary><c>POST /v1/images/generations</c>.</summary>
    ImageGenerations,

    /// <summary><c>POST /v1/images/edits</c>.</summary>
    ImageEdits,

    /// <summary><c>POST /v1/images/variations</c>.</summary>
    ImageVariations,

    /// <summary><c>POST /v1/audio/transcriptions</c>.</summary>
    Transcriptions,

    /// <summary><c>POST /v1/audio/translations</c>.</summary>
    Translations,

    /// <summary><c>POST /v1/audio/speech</c>.</summary>
    Speech,
}

/// <summary>What is common to some operations.</summary>
public static class ApiOperations
{
    /// <summary>
    /// Whether requests and answers go through as they are, but for the model's name: no dialect translates them, and
    /// only clouds with OpenAI's own API have them.
    /// </summary>
    public static bool IsPassThrough(this ApiOperation operation) => operation >= ApiOperation.Moderations;
}

/// <summary>The <c>service_tier</c> that a request names.</summary>
public enum RequestTier : byte
{
    /// <summary>None is named, or null.</summary>
    Absent,

    /// <summary><c>auto</c>.</summary>
    Auto,

    /// <summary><c>default</c>.</summary>
    Default,

    /// <summary><c>flex</c>.</summary>
    Flex,

    /// <summary><c>priority</c>.</summary>
    Priority,

    /// <summary><c>scale</c>.</summary>
    Scale,

    /// <summary><c>batch</c>, which the OpenAI API does not know: a tier of ours.</summary>
    Batch,
}

/// <summary>The <c>encoding_format</c> of embeddings.</summary>
public enum EmbeddingEncoding : byte
{
    /// <summary>None is named; the API's default is an array of numbers.</summary>
    Absent,

    /// <summary>An array of JSON numbers.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The word of the API that it stands for.")]
    Float,

    /// <summary>Little-endian IEEE 754 single precision, in base64.</summary>
    Base64,
}

/// <summary>The <c>response_format</c> that a request asks for.</summary>
public enum AnswerFormat : byte
{
    /// <summary>None is named, or text, or a form that this version does not know.</summary>
    Text,

    /// <summary><c>json_object</c>: some JSON object.</summary>
    JsonObject,

    /// <summary><c>json_schema</c>: JSON that follows a given schema.</summary>
    JsonSchema,
}

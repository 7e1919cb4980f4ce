namespace Sahab.Routing.Requests;

/// <summary>The operation of the front door that a request calls.</summary>
public enum Operation : byte
{
    /// <summary><c>POST /v1/chat/completions</c>.</summary>
    ChatCompletions = 0,

    /// <summary><c>POST /v1/completions</c>.</summary>
    Completions = 1,

    /// <summary><c>POST /v1/embeddings</c>.</summary>
    Embeddings = 2,

    /// <summary><c>POST /v1/moderations</c>.</summary>
    Moderations = 3,

    /// <summary><c>POST /v1/images/generations</c>.</summary>
    ImageGenerations = 4,

    /// <summary><c>POST /v1/images/edits</c>.</summary>
    ImageEdits = 5,

    /// <summary><c>POST /v1/images/variations</c>.</summary>
    ImageVariations = 6,

    /// <summary><c>POST /v1/audio/transcriptions</c>.</summary>
    Transcriptions = 7,

    /// <summary><c>POST /v1/audio/translations</c>.</summary>
    Translations = 8,

    /// <summary><c>POST /v1/audio/speech</c>.</summary>
    Speech = 9,
}

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
}

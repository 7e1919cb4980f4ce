using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// What the gateway needs to know of a request. All offsets are byte offsets into the body that was scanned. The body
/// itself stays as it is; <see cref="RequestEdits"/> says what changes on its way up.
/// </summary>
public struct RequestFacts
{
    /// <summary>The longest model name, in bytes of unescaped UTF-8.</summary>
    public const int MaxModelBytes = 256;

    /// <summary>The largest <c>n</c> and <c>best_of</c>.</summary>
    public const int MaxChoices = 128;

    /// <summary>
    /// Where the JSON string of <c>model</c> begins, at its opening quote; in a form, where its value begins.
    /// </summary>
    public int ModelStart { get; internal set; }

    /// <summary>
    /// The length of the JSON string of <c>model</c>, both quotes included, at least 3 bytes; in a form, of its value. 0
    /// where an operation that is passed through names none: then <see cref="ModelStart"/> is where JSON has null, or 0.
    /// </summary>
    public int ModelLength { get; internal set; }

    /// <summary>Whether the body is <c>multipart/form-data</c> and not JSON.</summary>
    public bool IsForm { get; internal set; }

    /// <summary>Whether the model's name is written with escapes, so that its bytes are not its name.</summary>
    public bool ModelHasEscapes { get; internal set; }

    /// <summary>Whether the answer is to be streamed. Always false for embeddings.</summary>
    public bool Stream { get; internal set; }

    /// <summary>Whether <c>stream_options</c> is there and is an object.</summary>
    public bool HasStreamOptions { get; internal set; }

    /// <summary>Whether the client asks for the usage at the end of the stream.</summary>
    public bool IncludeUsage { get; internal set; }

    /// <summary>
    /// Whether the client asks for running usage on every chunk (<c>continuous_usage_stats</c>, a vLLM word).
    /// </summary>
    public bool RunningUsage { get; internal set; }

    /// <summary>Where the value of <c>stream_options</c> begins, be it an object or null. 0 when absent.</summary>
    public int StreamOptionsStart { get; internal set; }

    /// <summary>The length of the value of <c>stream_options</c> in bytes. 0 when absent.</summary>
    public int StreamOptionsLength { get; internal set; }

    /// <summary>Whether <c>stream_options</c> is an object without members.</summary>
    public bool StreamOptionsEmpty { get; internal set; }

    /// <summary>Where the value of <c>stream_options.include_usage</c> begins. 0 when absent.</summary>
    public int IncludeUsageStart { get; internal set; }

    /// <summary>The length of the value of <c>stream_options.include_usage</c> in bytes. 0 when absent.</summary>
    public int IncludeUsageLength { get; internal set; }

    /// <summary>Where the value of <c>stream_options.continuous_usage_stats</c> begins. 0 when absent.</summary>
    public int RunningUsageStart { get; internal set; }

    /// <summary>
    /// The length of the value of <c>stream_options.continuous_usage_stats</c> in bytes. 0 when absent.
    /// </summary>
    public int RunningUsageLength { get; internal set; }

    /// <summary>Whether tools or functions are offered to the model.</summary>
    public bool HasTools { get; internal set; }

    /// <summary>Whether a message holds an image or a video.</summary>
    public bool HasImages { get; internal set; }

    /// <summary>Whether a message holds sound, or the answer is to.</summary>
    public bool HasAudio { get; internal set; }

    /// <summary>Whether a message holds a file.</summary>
    public bool HasFiles { get; internal set; }

    /// <summary>The form that the answer is to have.</summary>
    public AnswerFormat Format { get; internal set; }

    /// <summary>Whether the answer must follow a JSON schema.</summary>
    public readonly bool HasJsonSchema => Format == AnswerFormat.JsonSchema;

    /// <summary>Whether token probabilities are asked for.</summary>
    public bool Logprobs { get; internal set; }

    /// <summary>Choices wanted for each prompt: 1 to <see cref="MaxChoices"/>.</summary>
    public int N { get; internal set; }

    /// <summary>
    /// Candidates generated for each prompt, of which the best <see cref="N"/> are returned but all are billed.
    /// </summary>
    public int BestOf { get; internal set; }

    /// <summary>
    /// Prompts in the request: more than 1 only where <c>prompt</c> or <c>input</c> is an array of them.
    /// </summary>
    public int PromptCount { get; internal set; }

    /// <summary>
    /// Output tokens at most, for each choice, reasoning included: <c>max_completion_tokens</c>, else
    /// <c>max_tokens</c>. 0 when neither is given.
    /// </summary>
    public long MaxOutputTokens { get; internal set; }

    /// <summary>The service tier named.</summary>
    public RequestTier Tier { get; internal set; }

    /// <summary>Where to cut to take <c>service_tier</c> out, its comma included.</summary>
    public int TierStart { get; internal set; }

    /// <summary>How many bytes to cut to take <c>service_tier</c> out, its comma included. 0 when absent.</summary>
    public int TierLength { get; internal set; }

    /// <summary>The encoding in which embeddings are wanted.</summary>
    public EmbeddingEncoding Encoding { get; internal set; }

    /// <summary>
    /// The offset of the body's closing brace, before which members can be inserted; in a form, of its closing delimiter,
    /// before which parts can be.
    /// </summary>
    public int ObjectEnd { get; internal set; }

    /// <summary>
    /// Bytes of prompt: the JSON of <c>messages</c>, <c>prompt</c> or <c>input</c> with that of <c>tools</c> and
    /// <c>functions</c>, which providers count as prompt too, less the payloads of images, sound and files and less the
    /// token ids counted in <see cref="PromptTokenIds"/>.
    /// </summary>
    public int PromptBytes { get; internal set; }

    /// <summary>Token ids given as the prompt in place of text; for uploaded sound, about what it will be.</summary>
    public int PromptTokenIds { get; internal set; }

    /// <summary>Images and videos in the messages.</summary>
    public int ImageCount { get; internal set; }

    /// <summary>
    /// A hash of what providers' prompt caches look at: the first 1,024 bytes of <c>messages</c> or <c>prompt</c>,
    /// those of <c>tools</c>, and <c>prompt_cache_key</c>. Stable between processes and versions. 0 for
    /// embeddings only.
    /// </summary>
    public ulong PrefixHash { get; internal set; }

    /// <summary>
    /// Whether generation is to run to the token limit whatever the model says (<c>ignore_eos</c>, a vLLM word).
    /// </summary>
    public bool IgnoreEos { get; internal set; }

    /// <summary>
    /// The model's name, unescaped: a slice of the body, or of the scratch when the name has escapes.
    /// </summary>
    /// <param name="body">The body that was scanned.</param>
    /// <param name="scratch">Room for a name with escapes: <see cref="MaxModelBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">The scratch is too small.</exception>
    public readonly ReadOnlySpan<byte> ReadModel(ReadOnlySpan<byte> body, Span<byte> scratch)
    {
        if (IsForm)
        {
            return body.Slice(ModelStart, ModelLength);
        }

        if (!ModelHasEscapes)
        {
            return body.Slice(ModelStart + 1, ModelLength - 2);
        }

        var text = new JsonText(ModelStart + 1, ModelLength - 2, HasEscapes: true);
        return text.TryUnescape(body, scratch, out int written)
            ? scratch[..written]
            : throw new ArgumentException("The scratch is smaller than the model's name.", nameof(scratch));
    }
}

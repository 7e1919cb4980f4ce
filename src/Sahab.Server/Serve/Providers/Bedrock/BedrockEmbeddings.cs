using System.Buffers;
using System.Globalization;
using System.Net;
using Sahab.Wire.Bedrock;

namespace Sahab.Server.Serve.Providers.Bedrock;

/// <summary>
/// Sends one call's embeddings as the many requests that its model wants, a few at a time, and joins the answers into
/// one. The first that fails is the answer of all: the others that run are waited for, since they will be billed.
/// </summary>
internal sealed class BedrockEmbeddings(UpstreamRoute route, Uri address)
{
    /// <summary>Requests of one call that run at once.</summary>
    public const int Parallelism = 8;

    /// <summary>The largest of the answers, in bytes.</summary>
    const long MaxAnswerBytes = 8 * 1024 * 1024;

    const string TokensHeader = "X-Amzn-Bedrock-Input-Token-Count";
    const string RequestIdHeader = "x-amzn-requestid";

    public async ValueTask<HttpResponseMessage> SendAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> bodies, UpstreamCall call, CancellationToken cancellation)
    {
        var answers = new Part?[bodies.Count];
        var next = -1;
        HttpResponseMessage? refused = null;
        var isOver = false;

        async Task WorkAsync()
        {
            for (var index = Interlocked.Increment(ref next);
                index < bodies.Count && !Volatile.Read(ref isOver);
                index = Interlocked.Increment(ref next))
            {
                var response = await SendOneAsync(bodies[index]);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    using (response)
                    {
                        answers[index] = await ReadAsync(response, cancellation);
                    }
                }
                else
                {
                    Volatile.Write(ref isOver, true);
                    if (Interlocked.CompareExchange(ref refused, response, null) is not null)
                    {
                        response.Dispose();
                    }
                }
            }
        }

        async ValueTask<HttpResponseMessage> SendOneAsync(ReadOnlyMemory<byte> body)
        {
            try
            {
                return await route.SendAsync(address, BedrockUpstream.ContentOf(body), call, cancellation);
            }
            catch
            {
                Volatile.Write(ref isOver, true);
                throw;
            }
        }

        try
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Min(Parallelism, bodies.Count)).Select(_ => WorkAsync()));
        }
        catch (HttpRequestException) when (Array.Exists(answers, answer => answer is not null))
        {
            // What was answered will be billed: an error with that on it, rather than none.
            refused ??= new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }
        catch (Exception)
        {
            refused?.Dispose();
            throw;
        }

        if (refused is null)
        {
            return Join([.. answers.Select(answer => answer!)]);
        }

        PartlyServed.Mark(refused, answers.OfType<Part>().Sum(part => EmbeddingAnswers.TokensOf(part.Body, part.Tokens)));
        return refused;
    }

    static async Task<Part> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellation);
        var told = response.Headers.NonValidated.TryGetValues(TokensHeader, out var values)
            && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)
            ? tokens
            : -1;
        return new Part(
            await response.Content.ReadAsByteArrayAsync(cancellation), told,
            response.Headers.NonValidated.TryGetValues(RequestIdHeader, out var ids) ? ids.ToString() : null);
    }

    static HttpResponseMessage Join(Part[] parts)
    {
        var output = new ArrayBufferWriter<byte>(parts.Sum(part => part.Body.Length) + (parts.Length * 32) + 2);
        EmbeddingAnswers.Join(parts.Select(part => ((ReadOnlyMemory<byte>)part.Body, part.Tokens)), output);
        var joined = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = BedrockUpstream.ContentOf(output.WrittenMemory),
        };
        if (parts[0].RequestId is { } id)
        {
            joined.Headers.TryAddWithoutValidation(RequestIdHeader, id);
        }

        return joined;
    }

    /// <summary>One request's answer.</summary>
    sealed record Part(byte[] Body, long Tokens, string? RequestId);
}

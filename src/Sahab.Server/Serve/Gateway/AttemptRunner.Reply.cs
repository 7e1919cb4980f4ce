using System.Buffers;
using Sahab.Ledger.Rating;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <content>Answers that come in one piece: read whole, checked, made durable, then sent.</content>
internal sealed partial class AttemptRunner
{
    const int SmallestReplyArray = 4 * 1024;

    async ValueTask<AttemptEnd> RelayReplyAsync(Attempt attempt, HttpResponseMessage response)
    {
        var call = attempt.Call;
        var (body, trouble) = await ReadWholeAsync(attempt, response, MaxReplyBytes);
        using (body)
        {
            if (trouble is { } outcome)
            {
                return outcome switch
                {
                    AttemptOutcome.TimedOut => RanOut(attempt, "did not finish its answer in time"),
                    AttemptOutcome.Cut => Failed(attempt, outcome, default, "broke off its answer"),
                    // It was answered, and will be billed, but is too long to be read for its figures.
                    _ => Failed(attempt, outcome, UsageMeter.Unheard(attempt), "sent an answer without end"),
                };
            }

            var answer = body.Memory;
            if (attempt.Translation is { } translation)
            {
                var translated = new ArrayBufferWriter<byte>(Math.Max(body.Length, 256));
                if (!translation.TryWriteAnswer(body.Span, TermsOf(attempt), translated))
                {
                    return Failed(
                        attempt, AttemptOutcome.ServerError, default, "answered with something that its protocol does not allow");
                }

                answer = translated.WrittenMemory;
                attempt.UpstreamRequestId ??= translation.ReadRequestId(body.Span);
            }

            ReplyFacts facts = default;
            if (!UsageReader.Read(answer.Span, ref facts, attempt.Target.Secrets)
                && !(call.Operation.IsPassThrough() && PassThroughScanner.IsText(answer.Span)))
            {
                return Failed(attempt, AttemptOutcome.ServerError, default, "answered with something that is not JSON");
            }

            if (facts.HasError)
            {
                return Failed(
                    attempt, AttemptOutcome.ServerError, default, "answered 200 with an error", facts.Error.Message);
            }

            attempt.FirstToken = TimeSpan.FromMilliseconds(
                clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp));
            settlement.Succeeded(attempt, call.Operation.IsPassThrough()
                ? UsageMeter.Stated(attempt, facts.Usage)
                : UsageMeter.Whole(attempt, facts.Usage, outputSeen: 0, facts.ContentBytes));
            if (!await settlement.RecordAsync(call))
            {
                return new AttemptEnd(AttemptOutcome.Succeeded, false, "could not be recorded");
            }

            await AnswerAsync(attempt, answer);
            return new AttemptEnd(AttemptOutcome.Succeeded, true, "");
        }
    }

    async ValueTask AnswerAsync(Attempt attempt, ReadOnlyMemory<byte> answer)
    {
        var call = attempt.Call;
        call.Status = call.IsClientGone ? StatusCodes.Status499ClientClosedRequest : StatusCodes.Status200OK;
        if (call.IsClientGone)
        {
            return;
        }

        if (call.Exchange is { } exchange)
        {
            if (call.Operation == ApiOperation.Embeddings && Convert(call.Facts.Encoding, answer.Span) is { } wanted)
            {
                answer = wanted.WrittenMemory;
            }

            var told = new ArrayBufferWriter<byte>(Math.Max(answer.Length, 256));
            // What a cloud answered was read as a chat completion before, so that this holds.
            if (exchange.TryWriteAnswer(answer.Span, told))
            {
                if (call.Door.HasKeeper && !await keeper.KeepAsync(call))
                {
                    told.ResetWrittenCount();
                    exchange.TryWriteAnswer(answer.Span, told);
                }

                answer = told.WrittenMemory;
            }
        }

        var response = call.Context.Response;
        SahabHeaders.Write(attempt, clock);
        response.ContentType = "application/json";
        var converted = call.Operation == ApiOperation.Embeddings && call.Exchange is null
            ? Convert(call.Facts.Encoding, answer.Span)
            : null;
        var bytes = converted is null ? answer : converted.WrittenMemory;
        response.ContentLength = bytes.Length;
        response.BodyWriter.Write(bytes.Span);
        await response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>
    /// The vectors in the form that the client asked for, whatever the provider made of that; nothing where they are
    /// no vectors, so that the client gets what there is.
    /// </summary>
    static ArrayBufferWriter<byte>? Convert(EmbeddingEncoding wanted, ReadOnlySpan<byte> answer)
    {
        var output = new ArrayBufferWriter<byte>(answer.Length);
        return EmbeddingEncoder.TryConvert(answer, wanted, output) ? output : null;
    }

    /// <summary>Reads an answer to its end, up to a limit of bytes.</summary>
    async ValueTask<(PooledBody Body, AttemptOutcome? Trouble)> ReadWholeAsync(
        Attempt attempt, HttpResponseMessage response, int limit)
    {
        var announced = response.Content.Headers.ContentLength ?? 0;
        if (announced > limit)
        {
            return (default, AttemptOutcome.ServerError);
        }

        var array = ArrayPool<byte>.Shared.Rent((int)Math.Max(announced + 1, SmallestReplyArray));
        var length = 0;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(attempt.Watch.Token);
            while (true)
            {
                var read = await stream.ReadAsync(array.AsMemory(length), attempt.Watch.Token);
                if (read == 0)
                {
                    return (new PooledBody(array, length), null);
                }

                length += read;
                attempt.Watch.ExtendTo(Math.Min(clock.NowMs + attempt.Target.BetweenChunksMs, attempt.Call.DeadlineMs));
                if (length == array.Length)
                {
                    if (length >= limit)
                    {
                        ArrayPool<byte>.Shared.Return(array);
                        return (default, AttemptOutcome.ServerError);
                    }

                    var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    array.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(array);
                    array = larger;
                }
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException
            or ObjectDisposedException)
        {
            ArrayPool<byte>.Shared.Return(array);
            return (default, attempt.Watch.Expired ? AttemptOutcome.TimedOut : AttemptOutcome.Cut);
        }
    }
}

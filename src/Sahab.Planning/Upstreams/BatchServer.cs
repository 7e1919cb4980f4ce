using Sahab.Planning.Scenarios;

namespace Sahab.Planning.Upstreams;

/// <summary>
/// One replica that batches continuously, in virtual time. It goes from event to event, never step by step, so what a
/// call costs to simulate does not depend on its length.
/// </summary>
/// <remarks>
/// <para>
/// <b>Decoding.</b> A step takes <c>StepMs + n × StepMsPerCall + context × StepMsPerThousandTokens</c> and gives each
/// of the n running calls one token. Between events n is constant, so all have the same speed: each call ends when as many
/// steps have gone by since its first token as it has tokens left, and one count of steps serves all.
/// </para>
/// <para>
/// <b>Prefill.</b> Prompts are worked through one after the other in chunks, each taken along by a step, which gets
/// longer by the time of the chunk: decoding slows down and does not stop. With nothing running, a prompt goes at full
/// speed. The last token of a prompt is the first token of the answer.
/// </para>
/// <para>
/// <b>Memory.</b> A call begins only when its prompt and its whole answer fit, and keeps that to its end: a server that
/// knew how long answers will be and so never has to push one out. A call larger than all of the memory runs alone.
/// </para>
/// <para>
/// What is left out: steps are a flow, so a time is exact to within a step; a call's context counts with its mean over
/// its answer; a chunk holds tokens of one prompt at a time.
/// </para>
/// </remarks>
public sealed class BatchServer(UpstreamTerms terms)
{
    readonly Queue<BatchJob> _waiting = new();
    readonly PriorityQueue<BatchJob, double> _running = new();
    BatchJob? _prefilling;
    double _prefillLeft;
    double _steps;
    double _context;
    long _memory;
    double _nowMs;
    BatchEvent _next;

    /// <summary>When something happens next, in milliseconds; infinite if nothing will.</summary>
    public double NextMs { get; private set; } = double.PositiveInfinity;

    /// <summary>Calls that wait or run.</summary>
    public int Calls => _waiting.Count + _running.Count + (_prefilling is null ? 0 : 1);

    /// <summary>Milliseconds in which it had something to do.</summary>
    public double BusyMs { get; private set; }

    /// <summary>Takes a call; false if too many wait.</summary>
    /// <param name="job">The call.</param>
    /// <param name="nowMs">Not before any time that it was told or has told.</param>
    public bool TryAccept(BatchJob job, double nowMs)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (_waiting.Count >= terms.MaxWaiting && (_prefilling is not null || !Fits(job)))
        {
            return false;
        }

        Advance(nowMs);
        _waiting.Enqueue(job);
        Begin();
        Look();
        return true;
    }

    /// <summary>Lets happen what happens at <see cref="NextMs"/>.</summary>
    /// <param name="job">The call that it happens to.</param>
    public BatchEvent Step(out BatchJob? job)
    {
        job = null;
        var happened = _next;
        if (happened == BatchEvent.None)
        {
            return happened;
        }

        Advance(NextMs);
        if (happened == BatchEvent.FirstToken)
        {
            job = _prefilling!;
            (_prefilling, _prefillLeft) = (null, 0);
            _context += job.MeanContext;
            _running.Enqueue(job, _steps + job.OutputTokens - 1);
        }
        else
        {
            job = _running.Dequeue();
            _memory -= job.MemoryTokens;
            _context -= job.MeanContext;
            if (_running.Count == 0)
            {
                // Nothing refers to the count of steps any more: it starts anew and stays exact.
                (_steps, _context) = (0, 0);
            }
        }

        Begin();
        Look();
        return happened;
    }

    /// <summary>Loses all calls, as when it breaks down.</summary>
    /// <param name="lost">Takes the calls; those that had their first token come last.</param>
    /// <param name="nowMs">Not before any time that it was told or has told.</param>
    /// <returns>How many of them had no token yet: those come first.</returns>
    public int Clear(ICollection<BatchJob> lost, double nowMs)
    {
        ArgumentNullException.ThrowIfNull(lost);
        Advance(nowMs);
        var unanswered = _waiting.Count + (_prefilling is null ? 0 : 1);
        if (_prefilling is not null)
        {
            lost.Add(_prefilling);
        }

        while (_waiting.TryDequeue(out var job))
        {
            lost.Add(job);
        }

        while (_running.TryDequeue(out var job, out _))
        {
            lost.Add(job);
        }

        (_prefilling, _prefillLeft, _steps, _context, _memory) = (null, 0, 0, 0, 0);
        Look();
        return unanswered;
    }

    bool Fits(BatchJob job) => _running.Count < terms.MaxBatch
        && (_memory + job.MemoryTokens <= terms.MemoryTokens || _memory == 0);

    double StepMs => terms.StepOf(_running.Count, _context);

    // A prompt shorter than a chunk makes the step no longer than it has to be: a flow knows no whole chunks.
    double MixedStepMs => StepMs + terms.ChunkMs;

    void Advance(double nowMs)
    {
        var passed = nowMs - _nowMs;
        _nowMs = nowMs;
        if (passed <= 0 || _next == BatchEvent.None)
        {
            return;
        }

        BusyMs += passed;
        if (_prefilling is not null)
        {
            var steps = passed / MixedStepMs;
            _steps += steps;
            _prefillLeft -= steps * terms.ChunkTokens;
        }
        else
        {
            _steps += passed / StepMs;
        }
    }

    void Begin()
    {
        if (_prefilling is null && _waiting.TryPeek(out var job) && Fits(job))
        {
            _prefilling = _waiting.Dequeue();
            _prefillLeft = job.PrefillTokens;
            _memory += job.MemoryTokens;
        }
    }

    void Look()
    {
        (_next, NextMs) = (BatchEvent.None, double.PositiveInfinity);
        var stepMs = _prefilling is null ? StepMs : MixedStepMs;
        if (_running.TryPeek(out _, out var end))
        {
            (_next, NextMs) = (BatchEvent.Done, _nowMs + (Math.Max(0, end - _steps) * stepMs));
        }

        if (_prefilling is not null)
        {
            var prefilled = _nowMs + (Math.Max(0, _prefillLeft) / terms.ChunkTokens * stepMs);
            if (prefilled < NextMs)
            {
                (_next, NextMs) = (BatchEvent.FirstToken, prefilled);
            }
        }
    }
}

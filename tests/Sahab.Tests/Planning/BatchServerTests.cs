using Sahab.Planning.Scenarios;
using Sahab.Planning.Upstreams;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Planning;

/// <summary>The batching model against what can be worked out by hand or is known of queues.</summary>
public sealed class BatchServerTests
{
    static readonly UpstreamTerms Plain = Small.Plain;

    [Fact]
    public void One_call_alone_takes_its_prompt_and_then_a_step_for_each_further_token()
    {
        var server = new BatchServer(Plain with { StepMsPerThousandTokens = 2 });
        server.TryAccept(Job(prompt: 2_000, output: 101), 1_000).ShouldBeTrue();

        server.NextMs.ShouldBe(1_200, 1e-6);
        server.Step(out _).ShouldBe(BatchEvent.FirstToken);

        // 20 ms, a half for itself, and twice its 2.0505 thousand tokens of context on average.
        server.NextMs.ShouldBe(1_200 + (100 * (20.5 + (2 * 2.0505))), 1e-6);
        server.Step(out _).ShouldBe(BatchEvent.Done);
        server.NextMs.ShouldBe(double.PositiveInfinity);
        server.Calls.ShouldBe(0);
    }

    [Fact]
    public void A_prompt_slows_decoding_down_by_the_time_of_its_chunks_and_does_not_stop_it()
    {
        var server = new BatchServer(Plain with { ChunkTokens = 500 });
        server.TryAccept(Job(prompt: 0, output: 1_001), 0);
        server.Step(out _);
        server.TryAccept(Job(prompt: 1_000, output: 1), 0);

        // Two steps of 20.5 ms, each longer by the 50 ms of a chunk.
        server.NextMs.ShouldBe(141, 1e-6);
        server.Step(out _).ShouldBe(BatchEvent.FirstToken);
        server.Step(out _).ShouldBe(BatchEvent.Done);

        // The first call has two of its thousand tokens by now.
        server.NextMs.ShouldBe(141 + (998 * 20.5), 1e-6);
    }

    [Fact]
    public void A_known_prefix_is_not_worked_through_again()
    {
        var server = new BatchServer(Plain);
        server.TryAccept(new BatchJob { PromptTokens = 2_000, PrefillTokens = 500, OutputTokens = 2 }, 0);

        server.NextMs.ShouldBe(50, 1e-6);
    }

    [Fact]
    public void Prompts_alone_wait_as_in_the_queue_with_one_server_and_equal_jobs()
    {
        // M/D/1: at a load of 0.7, a job of 100 ms waits 0.7 × 100 / (2 × 0.3) on average.
        var (wait, _) = Run(Plain with { MaxWaiting = 10_000 }, 300_000, meanGapMs: 100 / 0.7, _ => Job(1_000, 1));

        (wait - 100).ShouldBe(0.7 * 100 / (2 * 0.3), 0.03 * 116.7);
    }

    [Fact]
    public void Decoding_alone_is_shared_as_in_the_queue_that_shares_its_server()
    {
        // M/G/1-PS: at a load of 0.6, a job of mean 100 ms takes 100 / 0.4 on average, however lengths are spread.
        var terms = Plain with { StepMs = 1e-9, StepMsPerCall = 1, MaxBatch = 10_000 };
        var (_, equal) = Run(terms, 300_000, meanGapMs: 100 / 0.6, _ => Job(0, 101));
        var random = new RandomSource(6);
        var (_, spread) = Run(
            terms, 300_000, meanGapMs: 100 / 0.6, _ => Job(0, random.NextInt32(10) == 0 ? 901 : 12));

        equal.ShouldBe(250, 0.04 * 250);
        spread.ShouldBe(99.9 / (1 - 0.5994), 0.08 * 250);
    }

    [Theory]
    [InlineData(16, 1_000_000)]
    [InlineData(32, 15_000)]
    public void A_replica_that_is_never_idle_makes_what_its_batch_or_its_memory_lets_it(int batch, long memory)
    {
        const int Calls = 4_000;
        var terms = Plain with
        {
            MaxBatch = batch,
            MemoryTokens = memory,
            MaxWaiting = Calls,
            StepMsPerThousandTokens = 1,
        };
        var server = new BatchServer(terms);
        for (var i = 0; i < Calls; i++)
        {
            server.TryAccept(Job(prompt: 1_000, output: 201), 0).ShouldBeTrue();
        }

        var end = 0.0;
        while (!double.IsPositiveInfinity(server.NextMs))
        {
            end = server.NextMs;
            server.Step(out _);
        }

        // So many run at once: 16, or as often as 1,201 tokens go into 15,000. One is at its prompt for two steps.
        var running = Math.Min(batch, (int)(memory / 1_201));
        var steps = (200 + (1_000.0 / 512)) / running;
        var each = (1_000 / 10.0) + (steps * 20) + (200 * (0.5 + 1.1005));
        (end / Calls).ShouldBe(each, each * 0.02);
        server.BusyMs.ShouldBe(end, 1e-3);
    }

    [Fact]
    public void One_too_many_is_turned_away_and_what_broke_down_is_given_back()
    {
        var server = new BatchServer(Plain with { MaxBatch = 2, MaxWaiting = 1 });
        server.TryAccept(Job(100, 50), 0).ShouldBeTrue();
        server.Step(out _);
        server.TryAccept(Job(100, 50), 20).ShouldBeTrue();
        server.TryAccept(Job(100, 50), 20).ShouldBeTrue();
        server.TryAccept(Job(100, 50), 20).ShouldBeFalse();
        var lost = new List<BatchJob>();

        server.Clear(lost, 21).ShouldBe(2);

        lost.Count.ShouldBe(3);
        server.Calls.ShouldBe(0);
        server.TryAccept(Job(2_000_000, 5), 30).ShouldBeTrue("larger than the memory, it runs alone");
        server.NextMs.ShouldBe(30 + 200_000, 1e-3);
    }

    static BatchJob Job(int prompt, int output) =>
        new() { PromptTokens = prompt, PrefillTokens = prompt, OutputTokens = output };

    /// <summary>Milliseconds to the first and to the last token, on average over jobs that come at random.</summary>
    static (double First, double Last) Run(UpstreamTerms terms, int jobs, double meanGapMs, Func<int, BatchJob> jobOf)
    {
        var (server, random, came) = (new BatchServer(terms), new RandomSource(5), new Dictionary<BatchJob, double>());
        var (now, first, last, begun) = (0.0, 0.0, 0.0, 0);
        while (begun < jobs || came.Count > 0)
        {
            var next = begun < jobs ? now - (Math.Log(1 - random.NextDouble()) * meanGapMs) : double.PositiveInfinity;
            while (server.NextMs <= next && !double.IsPositiveInfinity(server.NextMs))
            {
                var at = server.NextMs;
                var happened = server.Step(out var job);
                (first, last) = happened == BatchEvent.FirstToken
                    ? (first + at - came[job!], last)
                    : (first, last + at - came[job!]);
                if (happened == BatchEvent.Done)
                {
                    came.Remove(job!);
                }
            }

            if (begun < jobs)
            {
                var job = jobOf(begun++);
                came.Add(job, now = next);
                server.TryAccept(job, now).ShouldBeTrue();
            }
        }

        return (first / jobs, last / jobs);
    }
}

using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Access;

/// <summary>What counts attempts, what remembers callers, and what of `sign_in` is refused.</summary>
public sealed class AttemptLimiterTests
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(6);

    [Fact]
    public void So_many_attempts_are_allowed_at_once_and_then_one_in_each_interval()
    {
        var limiter = new AttemptLimiter(3, Interval);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            limiter.Take("a", 1000).ShouldBe(TimeSpan.Zero);
        }

        limiter.Take("a", 1000).ShouldBe(Interval);
        limiter.Take("a", 5000).ShouldBe(TimeSpan.FromSeconds(2));
        limiter.Take("a", 7000).ShouldBe(TimeSpan.Zero);
        limiter.Take("a", 7000).ShouldBe(Interval);
        // As many as at first, however long nobody came.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            limiter.Take("a", 10_000_000).ShouldBe(TimeSpan.Zero);
        }

        limiter.Take("a", 10_000_000).ShouldBe(Interval);
    }

    [Fact]
    public void An_attempt_that_is_given_back_is_none()
    {
        var limiter = new AttemptLimiter(1, Interval);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            limiter.Take("a", 1000).ShouldBe(TimeSpan.Zero);
            limiter.GiveBack("a");
        }
    }

    [Fact]
    public void Many_names_do_not_make_it_forget_one()
    {
        var limiter = new AttemptLimiter(2, TimeSpan.FromDays(1));
        limiter.Take("a", 0);
        limiter.Take("a", 0);
        for (var number = 0; number < 200_000; number++)
        {
            limiter.Take($"name {number}", 0);
        }

        limiter.Take("a", 0).ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Of_attempts_at_the_same_time_no_more_are_allowed()
    {
        var limiter = new AttemptLimiter(10, Interval);

        var allowed = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            _ => Task.Run(() => limiter.Take("a", 1000) == TimeSpan.Zero)));

        allowed.Count(each => each).ShouldBe(10);
    }

    [Fact]
    public async Task A_caller_is_remembered_for_a_second_from_before_they_were_looked_up_and_nobody_is_not()
    {
        var time = new HandTime();
        var cache = new CallerCache(new MonotonicClock(time));
        var asked = 0;
        (await cache.GetAsync("none", () => Find(null))).ShouldBeNull();
        (await cache.GetAsync("none", () => Find(null))).ShouldBeNull();
        asked.ShouldBe(2);

        // The look-up takes most of the second: what it found may be as old as it.
        (await cache.GetAsync("kim", () => Find(TimeSpan.FromMilliseconds(900)))).ShouldNotBeNull();
        time.Pass(TimeSpan.FromMilliseconds(99));
        await cache.GetAsync("kim", () => Find(TimeSpan.Zero));
        asked.ShouldBe(3);
        time.Pass(TimeSpan.FromMilliseconds(1));
        await cache.GetAsync("kim", () => Find(TimeSpan.Zero));
        asked.ShouldBe(4);
        cache.Forget();
        await cache.GetAsync("kim", () => Find(TimeSpan.Zero));
        asked.ShouldBe(5);

        Task<Caller?> Find(TimeSpan? takes)
        {
            asked++;
            time.Pass(takes ?? TimeSpan.Zero);
            return Task.FromResult(takes is null ? null : new Caller("user:kim"));
        }
    }

    [Theory]
    [InlineData("tenants: { org_x: {} }", "Give the tenant another id")]
    [InlineData("sign_in: { oidc: { a: { issuer: http://login.example.com, client_id: x, client_secret: { env: S } } } }", "https")]
    [InlineData("sign_in: { oidc: { a: { issuer: https://login.example.com, client_id: x, client_secret: {} } } }", "no source")]
    [InlineData(
        "sign_in: { oidc: { a: &a { issuer: https://i.example, client_id: x, client_secret: { env: S } }, b: *a } }", "same issuer")]
    [InlineData("sign_in: { trusted_proxies: 11 }", "10")]
    public void What_cannot_be_is_refused(string yaml, string why)
    {
        var reading = new ConfigReader(_ => "secret").ReadText(yaml, "sahab.yaml");

        string.Join('\n', reading.Errors).ShouldContain(why);
    }
}

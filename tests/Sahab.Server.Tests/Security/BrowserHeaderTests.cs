using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Every answer that a browser can get tells it to keep nothing, to run nothing that is not ours, and to show it in no frame.</summary>
public sealed class BrowserHeaderTests : IAsyncLifetime
{
    TestHouse _house = null!;
    Visitor _admin = null!;
    Visitor _nobody = null!;

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync(listen: "0.0.0.0:0");
        (_admin, _nobody) = (Visitor.Admin(_house), new Visitor(_house));
    }

    public async Task DisposeAsync()
    {
        _admin.Dispose();
        _nobody.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task Pages_run_only_scripts_of_this_server_and_are_shown_in_no_frame()
    {
        foreach (var page in PortalPages.Of(_house).Where(page => !page.Pattern.StartsWith("/assets", StringComparison.Ordinal)))
        {
            foreach (var visitor in new[] { _admin, _nobody })
            {
                var seen = await Sight.OfAsync(visitor, "GET", page.PathOf("demo"), asBrowser: true);
                AssertSafe(page.ToString(), seen);
                if (seen.Text.Contains("<html", StringComparison.Ordinal))
                {
                    var policy = PolicyOf(seen);
                    policy.ShouldContain("script-src 'self'", customMessage: page.ToString());
                    policy.ShouldContain("form-action 'self'", customMessage: page.ToString());
                    policy.ShouldContain("base-uri 'none'", customMessage: page.ToString());
                    // Else the policy would forbid what the page needs.
                    seen.Text.ShouldNotContain("<style", customMessage: page.ToString());
                    seen.Text.ShouldNotContain(" style=\"", customMessage: page.ToString());
                    seen.Text.ShouldNotContain(" onclick=", customMessage: page.ToString());
                }
            }
        }
    }

    [Fact]
    public async Task Endpoints_of_the_control_API_are_kept_by_nobody_and_are_what_they_say()
    {
        foreach (var endpoint in ControlEndpoints.Of(_house))
        {
            foreach (var visitor in new[] { _admin, _nobody })
            {
                AssertSafe(endpoint.ToString(), await Sight.OfAsync(visitor, endpoint.Method, endpoint.PathOf("demo"), []));
            }
        }
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/healthz")]
    [InlineData("/v1/models")]
    [InlineData("/nothing")]
    public async Task So_is_everything_else(string path) => AssertSafe(path, await Sight.OfAsync(_admin, "GET", path));

    [Fact]
    public async Task What_never_changes_may_be_kept_and_is_no_page()
    {
        var css = await Sight.OfAsync(_nobody, "GET", "/assets/portal.css");
        css.Status.ShouldBe(200);
        css.Headers.ShouldContain("X-Content-Type-Options: nosniff");
        css.Headers.ShouldContain("immutable");
    }

    [Fact]
    public async Task A_call_s_answer_is_no_page_whatever_is_in_it()
    {
        using var client = _house.Client();
        using var answer = await client.PostAsync(
            "/v1/chat/completions", new StringContent("""{"model":"<script>alert(1)</script>","messages":[{"role":"user","content":"x"}]}"""));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }

    static void AssertSafe(string place, Sight seen)
    {
        seen.Status.ShouldBeLessThan(500, $"{place}: {seen.Text}");
        seen.Headers.ShouldContain("X-Content-Type-Options: nosniff", customMessage: place);
        seen.Headers.ShouldContain("Referrer-Policy: no-referrer", customMessage: place);
        seen.Headers.ShouldContain("Cache-Control: no-", customMessage: place);
        var policy = PolicyOf(seen);
        policy.ShouldContain("frame-ancestors 'none'", customMessage: place);
        foreach (var loose in new[] { "unsafe-inline", "unsafe-eval", "*", "http:", "https:" })
        {
            policy.ShouldNotContain(loose, customMessage: place);
        }
    }

    static string PolicyOf(Sight seen) => seen.Headers.Split('\n')
        .Single(header => header.StartsWith("Content-Security-Policy: ", StringComparison.Ordinal));
}

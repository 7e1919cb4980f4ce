using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Providers;

/// <summary>Signing in to Google.</summary>
public class GoogleSignInTests
{
    const string Ask = """{"model":"both","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}""";

    [Theory]
    [InlineData(GoogleHouse.ByAccount, 1)]
    [InlineData(GoogleHouse.ByWorkload, 1)]
    [InlineData("credentials: { env: CLOUD_KEY }\n    vertex: { project: demo }", 0)]
    [InlineData("credentials: { env: CLOUD_KEY }\n    vertex: { }", 0)]
    public async Task Every_way_to_sign_in_is_let_in_and_many_calls_sign_in_once(string signIn, int tokens)
    {
        await using var google = await GoogleHouse.StartAsync(signIn);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => google.House.ChatAsync(Ask)));
        answers.ShouldAllBe(answer => answer.Status == 200 && answer.Deployment == "google-both");
        google.House.Clouds.IssuedTokens("google").ShouldBe(tokens);
    }

    [Fact]
    public async Task The_application_s_default_credentials_are_found()
    {
        await using var google = await GoogleHouse.StartAsync("vertex: { project: demo }");
        Environment.SetEnvironmentVariable("GOOGLE_APPLICATION_CREDENTIALS", google.PathOf("account.json"));
        try
        {
            (await google.House.ChatAsync(Ask)).Deployment.ShouldBe("google-both");
            google.House.Clouds.IssuedTokens("google").ShouldBe(1);
        }
        finally
        {
            Environment.SetEnvironmentVariable("GOOGLE_APPLICATION_CREDENTIALS", null);
        }
    }

    [Fact]
    public async Task Tokens_that_end_under_load_fail_no_call()
    {
        // A token is not sent in its last ten seconds, so that each of these serves for two.
        await using var google = await GoogleHouse.StartAsync(tokenSeconds: 12);
        var clouds = google.House.Clouds;
        var wanted = 1;
        for (var round = 0; round < 4; round++)
        {
            while (clouds.IssuedTokens("google") < wanted)
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => google.House.ChatAsync(Ask)));
                answers.ShouldAllBe(answer => answer.Status == 200 && answer.Deployment == "google-both");
            }

            // Every other time the token ends before its time, as when an operator ends all sessions.
            wanted = clouds.IssuedTokens("google") + 1;
            if (round % 2 == 0)
            {
                clouds.EndTokens("google");
            }
        }

        (await Books.CloseAsync(google.House)).ShouldAgree();
    }

    [Fact]
    public async Task A_revoked_account_takes_the_deployment_out_and_no_client_hears_of_it()
    {
        await using var google = await GoogleHouse.StartAsync();
        (await google.House.ChatAsync(Ask)).Deployment.ShouldBe("google-both");
        google.House.Clouds.AcceptKey("google", "sahab", accepts: false);
        google.House.Clouds.EndTokens("google");
        for (var call = 0; call < 3; call++)
        {
            var answer = await google.House.ChatAsync(Ask);
            (answer.Status, answer.Deployment).ShouldBe((200, "own-both"));
        }

        var reasons = (await google.House.CallsAsync())
            .SelectMany(call => call.AttemptReasons?.Values ?? []).ToList();
        // Once, for then it is out.
        reasons.ShouldHaveSingleItem().ShouldContain("account not found");
    }

    [Fact]
    public async Task A_wrong_key_is_our_affair_and_not_the_client_s()
    {
        await using var google = await GoogleHouse.StartAsync("credentials: { env: DEMO_KEY }\n    vertex: { }");
        (await google.House.ChatAsync(Ask)).Deployment.ShouldBe("own-both");
        (await google.House.CallsAsync())[0].AttemptReasons!.Values.ShouldHaveSingleItem()
            .ShouldContain("did not accept our credentials");
    }

    [Theory]
    [InlineData("vertex: { }", "only an API key stands for a project")]
    [InlineData("vertex: { api: openai }\n    credentials: { env: AZURE_API_KEY }", "lies below a project")]
    [InlineData("vertex: { project: p, account: { env: AZURE_API_KEY } }\n    credentials: { env: AZURE_API_KEY }", "an API key too")]
    public void A_configuration_that_cannot_work_is_refused(string settings, string reason)
    {
        var yaml = ConfigText.Small.Replace(
            "credentials: { env: AZURE_API_KEY }", $"dialect: vertex\n    {settings}", StringComparison.Ordinal);
        ConfigText.Read(yaml).Errors.ShouldContain(problem => problem.Message.Contains(reason, StringComparison.Ordinal));
    }
}

using System.Diagnostics;
using Microsoft.Playwright;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Portal;

/// <summary>What the quickstart shows, run as it is copied.</summary>
public sealed class QuickstartTests(Browser browser) : IClassFixture<Browser>
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_customer_makes_a_key_there_and_runs_the_samples_as_they_are()
    {
        await using var house = await TestHouse.StartAsync(ConsoleTests.Yaml);
        await using var watched = await browser.OpenAsync(new Uri(house.Address, "/sign-up"));
        var page = watched.Page;
        await ConsoleTests.SignUpAsync(page);
        await ConsoleTests.NewOrganisationAsync(page, "Acme");
        await page.GetByRole(AriaRole.Link, new() { Name = "Quickstart" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key for" }).ClickAsync();
        await Assertions.Expect(page.Locator("#own-key")).ToContainTextAsync("sk-sahab-");
        var export = await page.Locator("#code-key").TextContentAsync();
        var curl = await page.Locator("#code-curl").TextContentAsync();
        var node = await page.Locator("#code-node").TextContentAsync();

        // The OpenAI client is found from where the script lies.
        var script = Path.Combine(ConfigText.Root, "tests", "clients", $"quickstart-{Guid.CreateVersion7():N}.mjs");
        try
        {
            await File.WriteAllTextAsync(script, node);
            (await RunAsync($"{export}\n{curl}")).ShouldContain("\"chat.completion\"");
            (await RunAsync($"{export}\nnode '{script}'")).Trim().ShouldNotBeEmpty();
        }
        finally
        {
            File.Delete(script);
        }

        watched.Errors.ShouldBeEmpty();
    }

    static async Task<string> RunAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"set -euo pipefail\n{command}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        process.ExitCode.ShouldBe(0, $"{await errors}\n{output}");
        return output;
    }
}

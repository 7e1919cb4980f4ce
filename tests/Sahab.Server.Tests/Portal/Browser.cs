using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Sahab.Server.Tests.Portal;

/// <summary>One Chromium for the tests of a class. A page remembers what went wrong in it and where it turned to.</summary>
public sealed class Browser : IAsyncLifetime
{
    const string Executable = "/usr/bin/chromium";

    IPlaywright? _playwright;
    IBrowser? _browser;

    public async Task InitializeAsync()
    {
        File.Exists(Executable).ShouldBeTrue($"{Executable} is missing: apt-get install chromium");
        Assertions.SetDefaultExpectTimeout(60_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Headless = true,
            Timeout = 120_000,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }

    internal async Task<WatchedPage> OpenAsync(
        Uri address, int width = 1440, int height = 900, ColorScheme colours = ColorScheme.Light, bool scripts = true,
        (string Name, string Password)? password = null)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = colours,
            JavaScriptEnabled = scripts,
            HttpCredentials = password is { } known
                ? new HttpCredentials { Username = known.Name, Password = known.Password, Send = HttpCredentialsSend.Unauthorized }
                : null,
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        var watched = new WatchedPage(context, page);
        await page.GotoAsync(address.ToString());
        return watched;
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>A page under watch.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    readonly IBrowserContext _context;

    public WatchedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                Errors.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => Errors.Enqueue(error);
        page.Request += (_, request) => Requests.Enqueue(new Uri(request.Url));
    }

    public IPage Page { get; }

    public ConcurrentQueue<string> Errors { get; } = new();

    public ConcurrentQueue<Uri> Requests { get; } = new();

    /// <summary>Nothing was wrong in the page, and it asked nobody but this machine.</summary>
    public void AssertWellBehaved()
    {
        Errors.ShouldBeEmpty();
        Requests.ShouldNotBeEmpty();
        Requests.ShouldAllBe(request => request.Scheme == "data" || request.IsLoopback);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
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
    static readonly ConditionalWeakTable<IPage, WatchedPage> Known = [];

    readonly IBrowserContext _context;

    public WatchedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        Known.Add(page, this);
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

    /// <summary>The watch over a page.</summary>
    public static WatchedPage Of(IPage page) => Known.TryGetValue(page, out var watched)
        ? watched : throw new ArgumentException("Nobody watches this page.", nameof(page));

    /// <summary>Nothing was wrong in the page, and it asked nobody but this machine.</summary>
    public void AssertWellBehaved()
    {
        Errors.ShouldBeEmpty();
        Requests.ShouldNotBeEmpty();
        Requests.ShouldAllBe(request => request.Scheme == "data" || request.IsLoopback);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}

/// <summary>Forms that lead elsewhere.</summary>
internal static class PageForms
{
    /// <summary>
    /// Clicks the button of a form and waits until the browser is where that leads. What the form says instead fails the
    /// test at once, and in words.
    /// </summary>
    /// <param name="button">The button's name.</param>
    /// <param name="address">A glob of the address.</param>
    public static async Task SubmitAsync(this IPage page, string button, string address)
    {
        var clicked = page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true });
        await clicked.ClickAsync();
        var said = clicked.Locator("xpath=ancestor::form[1]").Locator("[role=alert]").Filter(new() { HasTextRegex = new(@"\S") });
        // What is asked of the page next waits for it: that all of it has come is not waited for.
        var there = FaultOfAsync(page.WaitForURLAsync(address, new() { WaitUntil = WaitUntilState.Commit }));
        var refused = FaultOfAsync(said.WaitForAsync());
        if ((await Task.WhenAny(there, refused) == there || await refused is not null) && await there is null)
        {
            return;
        }

        var words = await said.CountAsync() > 0 ? await said.First.TextContentAsync() : "nothing";
        Assert.Fail(
            $"'{button}' did not lead to {address}: the form says {words}, the browser is at {page.Url}, "
            + $"{await there}, and went wrong: {string.Join("; ", WatchedPage.Of(page).Errors)}");
    }

    /// <summary>Why it did not come; null: it did.</summary>
    static async Task<string?> FaultOfAsync(Task waiting)
    {
        try
        {
            await waiting;
            return null;
        }
        catch (Exception failure) when (failure is PlaywrightException or TimeoutException)
        {
            return failure.Message;
        }
    }
}

namespace Sahab.Server.Tests.Clients;

/// <summary>
/// Runs one script once, against a house of its own, and keeps what it told; each of its cases is a test. When it has
/// ended, the house has settled and the books can be compared.
/// </summary>
public abstract class ClientScriptFixture(string script) : IAsyncLifetime
{
    Dictionary<string, ClientCase> _cases = [];
    string _output = "";

    internal ClientHouse House { get; private set; } = null!;

    internal Dictionary<string, (long Prompt, long Output)> Billed { get; private set; } = [];

    internal Dictionary<string, (long Prompt, long Output)> Ledger { get; private set; } = [];

    /// <summary>The names of the cases that were run.</summary>
    internal IEnumerable<string> Names => _cases.Keys;

    public async Task InitializeAsync()
    {
        House = await ClientHouse.StartAsync();
        (_cases, _output) = await ClientScript.RunAsync(script, House.House);
        await House.SettleAsync();
        Billed = House.Billed();
        Ledger = await House.LedgerAsync();
    }

    public async Task DisposeAsync() => await House.DisposeAsync();

    /// <summary>What the case told, which must have gone well.</summary>
    internal ClientCase Passed(string name)
    {
        _cases.ShouldContainKey(name, $"{script} told nothing of it. It printed: {_output}");
        var told = _cases[name];
        told.Ok.ShouldBeTrue($"{script}, {name}, after {told.Ms} ms: {told.Error}\n{_output}");
        return told;
    }

    /// <summary>
    /// What arrived upstream for the requests that a case sent: the client's own bytes, but for the model's name and,
    /// in a stream, the usage that we ask for.
    /// </summary>
    internal void AssertPassedThrough(string name)
    {
        var sent = Passed(name).Data!.AsArray().Select(body => (string)body!).ToArray();
        sent.Length.ShouldBe(2);
        var arrived = House.Echoed.Select(request => request.Text).ToHashSet();
        foreach (var body in sent)
        {
            arrived.ShouldContain(Expected(body));
        }
    }

    static string Expected(string body)
    {
        var renamed = body.Replace("\"model\":\"echo\"", "\"model\":\"said/again\"", StringComparison.Ordinal);
        renamed.ShouldNotBe(body);
        var streams = body.Contains("\"stream\":true", StringComparison.Ordinal);
        return !streams || body.Contains("\"include_usage\":true", StringComparison.Ordinal)
            ? renamed
            : $"{renamed[..^1]},\"stream_options\":{{\"include_usage\":true}}}}";
    }
}

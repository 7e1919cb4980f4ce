namespace Sahab.Server.Tests.Clients;

/// <summary>What holds for every client that a script drives; each of the script's cases is a test besides.</summary>
/// <param name="script">The script, which has run.</param>
/// <param name="leaver">How the models that its clients leave early end.</param>
public abstract class ClientScriptTests(ClientScriptFixture script, string leaver)
{
    public abstract void The_client_works_unmodified(string name);

    [Fact]
    public void No_case_of_the_script_is_left_out_here() => script.Names.ShouldBe(
        GetType().GetMethod(nameof(The_client_works_unmodified))!
            .GetCustomAttributes(typeof(InlineDataAttribute), inherit: false).Cast<InlineDataAttribute>()
            .Select(attribute => (string)attribute.GetData(null!).Single()[0]),
        ignoreOrder: true);

    [Fact]
    public void What_the_client_sends_reaches_the_cloud_byte_for_byte() => script.AssertPassedThrough("unknown_fields");

    [Fact]
    public void Every_token_that_the_clouds_bill_is_in_the_ledger() =>
        script.Ledger.OrderBy(row => row.Key).ShouldBe(script.Billed.OrderBy(row => row.Key));

    [Theory]
    [InlineData("left")]
    [InlineData("late")]
    public void A_call_whose_client_left_is_billed_and_in_the_ledger(string kind)
    {
        var model = $"{kind}-{leaver}";
        script.Billed.ShouldContainKey(model);
        script.Billed[model].Output.ShouldBeGreaterThan(0);
        script.Ledger[model].ShouldBe(script.Billed[model]);
    }

    /// <summary>Asserts that a case of the script has gone well.</summary>
    protected void AssertPassed(string name) => script.Passed(name);
}

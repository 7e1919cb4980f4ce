using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

public sealed class FirstCallTests
{
    [Fact]
    public async Task A_call_is_answered_and_billed_to_the_token()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = house.Client();

        using var response = await client.PostAsJsonAsync("/v1/chat/completions", new
        {
            model = "small",
            messages = new[] { new { role = "user", content = "Tell me of the clouds." } },
        });

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var usage = (await response.Content.ReadFromJsonAsync<JsonObject>())!["usage"]!;
        var bill = house.Clouds.ReadBill().Where(entry => entry.Billed.Prompt > 0).ShouldHaveSingleItem();
        bill.Billed.Prompt.ShouldBe((long)usage["prompt_tokens"]!);
        bill.Billed.Output.ShouldBe((long)usage["completion_tokens"]!);
        await house.DrainLedgerAsync();
        using var admin = house.Client(TestHouse.AdminKey);
        var report = await admin.GetFromJsonAsync<JsonObject>("/api/usage?by=provider");
        var row = report!["data"]!.AsArray().ShouldHaveSingleItem()!;
        ((long)row["tokens"]!["prompt"]!).ShouldBe(bill.Billed.Prompt);
        ((long)row["tokens"]!["output"]!).ShouldBe(bill.Billed.Output);
    }
}

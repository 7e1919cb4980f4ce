using System.ClientModel;
using OpenAI;
using OpenAI.Chat;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Keys;

namespace Sahab.Server.Tests.Budgets;

public class BudgetClientTests
{
    [Fact]
    public async Task The_official_client_for_dotnet_does_not_ask_again_when_a_budget_is_used_up()
    {
        await using var house = await BudgetHouse.StartAsync();
        using var client = new KeyClient(house);
        await client.SendAsync(
            HttpMethod.Post, BudgetHouse.Budgets, new { name = "none left", measure = "money", period = "total", limit_usd = "0" });
        var chat = new ChatClient(
            "small", new ApiKeyCredential(TestHouse.DemoKey), new OpenAIClientOptions { Endpoint = new Uri(house.Address, "v1") });

        var failure = await Should.ThrowAsync<ClientResultException>(
            () => chat.CompleteChatAsync([new UserChatMessage("Hello")], new ChatCompletionOptions { MaxOutputTokenCount = 10 }));

        failure.Status.ShouldBe(402);
        failure.Message.ShouldContain("budget_exceeded");
        failure.Message.ShouldContain("none left");
        (await house.CallsAsync()).Count(call => call.Status == 402).ShouldBe(1);
    }
}

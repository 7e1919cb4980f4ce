using System.Net;
using System.Net.Http.Json;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>A process that is told to stop while it serves.</summary>
public sealed class StoppingTests
{
    /// <summary>Longer than command lines usually give a process to end, and shorter than calls in the house have.</summary>
    static readonly TimeSpan Meanwhile = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_call_in_the_house_has_its_answer_before_the_process_ends()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cloud = await ScriptedUpstream.StartAsync(async (request, context) =>
        {
            arrived.TrySetResult();
            await go.Task;
            await EchoAnswers.AnswerAsync(request, context);
        });
        await using var house = await ProcessHouse.StartAsync($$"""
            providers: { a: { regions: { x: { country: "NO", base_url: "{{cloud.BaseUrl}}" } } } }
            models: { m: {} }
            deployments: { a-m: { provider: a, region: x, model: m, price: { prompt: 1, output: 1 } } }
            tenants: { demo: { keys: { demo: { secret: { env: DEMO_KEY } } } } }
            """);
        using var client = house.Client();
        var call = client.PostAsJsonAsync(
            "/v1/chat/completions", new { model = "m", messages = new[] { new { role = "user", content = "Wait" } } });
        await arrived.Task;

        var stopping = house.Server.StopAsync();
        await Task.Delay(Meanwhile);
        stopping.IsCompleted.ShouldBeFalse("the process ended with a call in the house");
        go.SetResult();

        using var response = await call;
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await stopping).ShouldBe(0);
    }
}

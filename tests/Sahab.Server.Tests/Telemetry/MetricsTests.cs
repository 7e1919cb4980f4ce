using System.Net.Http.Json;
using Sahab.Emulator.Faults;
using Sahab.Server.Hosting.Telemetry;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Telemetry;

[Collection(AloneCollection.Name)]
public sealed class MetricsTests
{
    [Fact]
    public async Task The_counters_add_up_with_the_calls_made()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = house.Client();
        long prompt = 0;
        long output = 0;
        for (var call = 0; call < 7; call++)
        {
            using var response = await client.PostAsJsonAsync("/v1/chat/completions", Chat($"Call {call}"));
            response.EnsureSuccessStatusCode();
            var usage = (await response.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonObject>())!["usage"]!;
            prompt += (long)usage["prompt_tokens"]!;
            output += (long)usage["completion_tokens"]!;
        }

        var metrics = MetricFamily.ParseAll(await client.GetStringAsync("/metrics"));

        metrics["http_server_request_duration_seconds"].Sum(
                "_count", ("http_route", "/v1/chat/completions"), ("http_response_status_code", "200"))
            .ShouldBe(7);
        metrics["sahab_serve_attempts_total"].Sum("", ("sahab_outcome", "Succeeded")).ShouldBe(7);
        metrics["gen_ai_client_operation_duration_seconds"].Sum("_count", ("gen_ai_operation_name", "chat")).ShouldBe(7);
        metrics["gen_ai_client_token_usage"].Sum("_sum", ("gen_ai_token_type", "input")).ShouldBe(prompt);
        metrics["gen_ai_client_token_usage"].Sum("_sum", ("gen_ai_token_type", "output")).ShouldBe(output);
        metrics["sahab_deployment_requests_last_minute"].Sum().ShouldBe(7);
        metrics["sahab_deployment_breaker"].Series.Count.ShouldBe(6);
        metrics["sahab_configuration_version"].Sum().ShouldBe(1);
        metrics["dotnet_gc_heap_total_allocated_bytes_total"].Sum().ShouldBeGreaterThan(0);
        metrics.ShouldContainKey("sahab_sell_journal_healthy_ratio");
    }

    [Fact]
    public async Task Secrets_and_prompts_appear_neither_in_the_metrics_nor_on_the_pages()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = house.Client();
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", Chat("the quick brown secret"));
        response.EnsureSuccessStatusCode();
        var id = response.Headers.GetValues("x-request-id").Single();

        foreach (var path in new[] { "/metrics", "/", $"/calls/{id}", "/deployments/azure-us" })
        {
            var text = await client.GetStringAsync(path);
            text.Length.ShouldBeGreaterThan(500);
            foreach (var secret in new[]
            {
                TestHouse.DemoKey, TestHouse.AdminKey, TestHouse.CloudKey, "quick brown secret",
            })
            {
                text.ShouldNotContain(secret);
            }
        }
    }

    [Fact]
    public async Task Failed_attempts_are_counted_by_their_kind()
    {
        await using var house = await TestHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Down });
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Down });
        using var client = house.Client();
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", Chat("Anybody there?"));
        ((int)response.StatusCode).ShouldBeGreaterThanOrEqualTo(500);

        var metrics = MetricFamily.ParseAll(await client.GetStringAsync("/metrics"));

        var failed = metrics["gen_ai_client_operation_duration_seconds"].Sum("_count", ("error_type", "unreachable"));
        failed.ShouldBeGreaterThan(0);
        metrics["sahab_serve_attempts_total"].Sum("", ("sahab_outcome", "Unreachable")).ShouldBe(failed);
    }

    [Theory]
    [InlineData("sahab.serve.overhead", "s", "histogram", "sahab_serve_overhead_seconds")]
    [InlineData("sahab.serve.attempts", "{attempt}", "counter", "sahab_serve_attempts_total")]
    [InlineData("dotnet.gc.heap.total_allocated", "By", "counter", "dotnet_gc_heap_total_allocated_bytes_total")]
    [InlineData("sahab.deployment.load", "1", "gauge", "sahab_deployment_load_ratio")]
    [InlineData("9.lives", "", "gauge", "_9_lives")]
    public void Names_follow_the_rules_of_both_worlds(string name, string unit, string type, string expected) =>
        PrometheusText.NameOf(name, unit, type).ShouldBe(expected);

    static object Chat(string text) => new
    {
        model = "small",
        messages = new[] { new { role = "user", content = text } },
    };
}

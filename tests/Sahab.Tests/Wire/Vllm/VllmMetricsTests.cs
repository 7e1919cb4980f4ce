using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Wire.Vllm;

namespace Sahab.Tests.Wire.Vllm;

public sealed class VllmMetricsTests
{
    const string Page = """
        # HELP vllm:num_requests_running Number of requests in model execution batches.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="small"} 3.0
        vllm:num_requests_running{engine="1",model_name="small"} 4.0
        vllm:num_requests_running{engine="0",model_name="other"} 50.0
        vllm:num_requests_waiting{engine="0",model_name="small"} 2.0
        vllm:num_requests_waiting{engine="1",model_name="small"} 1e1
        vllm:num_requests_waiting_by_reason{engine="0",model_name="small"} 99
        process_start_time_seconds 1.7e9
        """;

    [Fact]
    public void The_engines_of_a_model_are_summed_and_other_models_passed_over()
    {
        VllmMetrics.TryRead(Encoding.UTF8.GetBytes(Page), "small", out var load).ShouldBeTrue();
        load.ShouldBe(new VllmLoad(7, 12));
        VllmMetrics.TryRead(Encoding.UTF8.GetBytes(Page.Replace("\n", "\r\n")), "small", out load).ShouldBeTrue();
        load.ShouldBe(new VllmLoad(7, 12));
    }

    [Theory]
    [InlineData("")]
    [InlineData("vllm:num_requests_running{model_name=\"small\"} 3")]
    [InlineData("vllm:num_requests_running{model_name=\"small\"} NaN\nvllm:num_requests_waiting{model_name=\"small\"} -1")]
    [InlineData("vllm:num_requests_running{\nvllm:num_requests_waiting} 3\n{\"json\": true}")]
    public void A_page_without_both_figures_says_nothing(string page) =>
        VllmMetrics.TryRead(Encoding.UTF8.GetBytes(page), "small", out _).ShouldBeFalse();

    [Fact]
    public void No_bytes_break_it() => Check.QuickThrowOnFailure(Prop.ForAll<byte[]>(noise =>
    {
        var page = Encoding.UTF8.GetBytes(Page);
        for (var at = 0; at < noise.Length; at++)
        {
            page[(at * 37 + noise[at]) % page.Length] = noise[at];
        }

        VllmMetrics.TryRead(page, "small", out _);
    }));
}

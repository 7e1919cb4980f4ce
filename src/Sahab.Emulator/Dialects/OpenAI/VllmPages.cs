using System.Globalization;
using System.Text;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>What a vLLM server tells of itself beside its API, to anybody: <c>/metrics</c> and <c>/health</c>.</summary>
internal static class VllmPages
{
    /// <summary>Answers if a page is asked for, and not something done.</summary>
    /// <param name="path">The path below the region, one of the two.</param>
    public static async Task<bool> TryAnswerAsync(
        HttpContext http, string path, IEnumerable<CloudDeployment> deployments)
    {
        if (!HttpMethods.IsGet(http.Request.Method))
        {
            return false;
        }
        var text = path == "/metrics" ? Metrics(deployments) : "";
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        http.Response.ContentLength = Encoding.UTF8.GetByteCount(text);
        await http.Response.WriteAsync(text, CancellationToken.None);
        return true;
    }

    static string Metrics(IEnumerable<CloudDeployment> deployments)
    {
        var text = new StringBuilder();
        foreach (var (name, help, read) in new (string, string, Func<CloudDeployment, double>)[]
        {
            ("vllm:num_requests_running", "Number of requests in model execution batches.", d => d.Gate.Running),
            ("vllm:num_requests_waiting", "Number of requests waiting to be processed.", d => d.Gate.Waiting),
            ("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", d => d.Gate.Load),
        })
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
            foreach (var deployment in deployments)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{name}{{engine=\"0\",model_name=\"{deployment.ModelId}\"}} {read(deployment):0.0###}\n");
            }
        }
        return text.ToString();
    }
}

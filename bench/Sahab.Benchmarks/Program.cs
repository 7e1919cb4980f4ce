using BenchmarkDotNet.Running;
using Sahab.Benchmarks.Metering;

if (args is ["append-cpu"])
{
    await AppendCpu.RunAsync(Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(System.Reflection.Assembly.GetExecutingAssembly()).Run(args);

using BenchmarkDotNet.Running;
using Sahab.Benchmarks.Metering;

switch (args)
{
    case ["append-cpu"]:
        await AppendCpu.RunAsync(Console.Out);
        break;
    case ["store-cpu", ..]:
        await StoreCpu.RunAsync(Console.Out, args);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(System.Reflection.Assembly.GetExecutingAssembly()).Run(args);
        break;
}

namespace Sahab.Emulator;

internal static class Program
{
    static async Task<int> Main(string[] args)
    {
        await using var app = WebApplication.CreateSlimBuilder(args).Build();
        await app.RunAsync();
        return 0;
    }
}

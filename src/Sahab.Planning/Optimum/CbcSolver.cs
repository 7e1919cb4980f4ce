using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Sahab.Planning.Optimum;

/// <summary>
/// COIN-OR CBC as a process of its own (Debian: <c>coinor-cbc</c>), which can be ended when its time is up and cannot
/// take this one with it. The programme goes there as MPS, the solution comes back as text, in a folder that is removed
/// afterwards.
/// </summary>
/// <param name="time">The clock of the time limit.</param>
/// <param name="command">The command, by its name or its path.</param>
public sealed class CbcSolver(TimeProvider time, string command = "cbc") : ISolver
{
    /// <summary>What it gets beyond its limit to end by itself and to write what it has.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Name => "cbc";

    /// <inheritdoc/>
    public async Task<LinearSolution> SolveAsync(
        LinearProgram program, TimeSpan limit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        var folder = Directory.CreateTempSubdirectory("sahab-cbc-");
        try
        {
            var (model, solution) = (Path.Combine(folder.FullName, "model.mps"), Path.Combine(folder.FullName, "out"));
            using (var writer = new StreamWriter(model))
            {
                MpsWriter.Write(program, writer);
            }

            if (!await RunAsync(model, solution, limit, cancellation))
            {
                return new LinearSolution { Status = SolverStatus.OutOfTime };
            }

            return File.Exists(solution)
                ? CbcOutput.Read(program, File.ReadLines(solution))
                : throw new SolverException($"{command} wrote no solution. Is it COIN-OR CBC 2.10 or later?");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>False if it had to be ended.</summary>
    async Task<bool> RunAsync(string model, string solution, TimeSpan limit, CancellationToken cancellation)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(limit.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                command, [model, "sec", seconds, "printingOptions", "all", "solve", "solution", solution, "quit"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new SolverException(
                $"The solver {command} is not installed. On Debian, as root: apt-get install coinor-cbc");
        }

        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(limit + Grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            // Read to the end, or it would stand still when its pipe is full.
            await Task.WhenAll(
                process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, either.Token),
                process.StandardError.BaseStream.CopyToAsync(Stream.Null, either.Token),
                process.WaitForExitAsync(either.Token));
            return true;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }
}

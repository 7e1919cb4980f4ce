using System.Globalization;

namespace Sahab.Planning.Optimum;

/// <summary>
/// Writes a programme as free MPS, which every solver reads. Rows are R0, R1 ... and columns C0, C1 ..., in the order
/// in which they were added; numbers are written so that they read back the same. Names for people stand in comments.
/// </summary>
public static class MpsWriter
{
    const string Objective = "COST";

    /// <summary>Writes the programme.</summary>
    public static void Write(LinearProgram program, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(writer);
        for (var row = 0; row < program.Rows.Count; row++)
        {
            writer.Write(Invariant($"* R{row} {program.Rows[row].Name}\n"));
        }

        writer.Write($"NAME SAHAB FREE\nROWS\n N {Objective}\n");
        for (var row = 0; row < program.Rows.Count; row++)
        {
            writer.Write(Invariant($" {LetterOf(program.Rows[row].Sense)} R{row}\n"));
        }

        writer.Write("COLUMNS\n");
        for (var column = 0; column < program.Costs.Count; column++)
        {
            writer.Write(Invariant($" C{column} {Objective} {program.Costs[column]:R}\n"));
            foreach (var entry in program.Entries(column))
            {
                writer.Write(Invariant($" C{column} R{entry.Row} {entry.Value:R}\n"));
            }
        }

        writer.Write("RHS\n");
        for (var row = 0; row < program.Rows.Count; row++)
        {
            if (program.Rows[row].Right != 0)
            {
                writer.Write(Invariant($" RHS R{row} {program.Rows[row].Right:R}\n"));
            }
        }

        writer.Write("ENDATA\n");
    }

    static char LetterOf(RowSense sense) => sense switch
    {
        RowSense.AtMost => 'L',
        RowSense.AtLeast => 'G',
        _ => 'E',
    };

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

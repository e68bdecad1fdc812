namespace Callbacks.Configuration;

static class EditDistance
{
    /// <summary>
    /// Letters to put in, take out, replace or swap with their neighbour to make one word of the other; upper and lower case are the same.
    /// </summary>
    public static int Between(string from, string to)
    {
        // Of the beginnings of both words, by their lengths.
        int[,] distances = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distances[i, j] = i + j;
                    continue;
                }

                int replaced = distances[i - 1, j - 1] + (IsSame(from[i - 1], to[j - 1]) ? 0 : 1);
                int distance = Math.Min(replaced, 1 + Math.Min(distances[i - 1, j], distances[i, j - 1]));
                if (i > 1 && j > 1 && IsSame(from[i - 1], to[j - 2]) && IsSame(from[i - 2], to[j - 1]))
                    distance = Math.Min(distance, 1 + distances[i - 2, j - 2]);
                distances[i, j] = distance;
            }
        }

        return distances[from.Length, to.Length];
    }

    static bool IsSame(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}

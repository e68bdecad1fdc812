using Callbacks.Fixtures;
using Npgsql;

namespace Callbacks.SystemTests.Local;

public sealed class PostgreSqlTests
{
    [Fact]
    public async Task Each_test_class_gets_an_empty_database_of_its_own()
    {
        await using NpgsqlDataSource first = NpgsqlDataSource.Create(await PostgreSql.CreateDatabaseAsync());
        await using NpgsqlDataSource second = NpgsqlDataSource.Create(await PostgreSql.CreateDatabaseAsync());
        await using NpgsqlCommand create = first.CreateCommand("create table mine (id int)");
        await create.ExecuteNonQueryAsync();
        await using NpgsqlCommand look = second.CreateCommand("select to_regclass('mine') is null");
        Assert.Equal(true, await look.ExecuteScalarAsync());
    }
}

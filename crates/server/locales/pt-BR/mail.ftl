# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = Trocar seu e-mail
mail-change-email-text =
    Alguém quer trocar o e-mail da sua conta { $account }. Se é você, digite este código onde ele foi pedido:
    
    { $code }
    
    Ele vale por { $minutes } minutos.
    
    Se não é você, troque sua senha: alguém entrou no seu lugar. Não dê o código a ninguém.
mail-confirm-email-subject = Confirme seu e-mail
mail-confirm-email-text =
    Para confirmar que este é o endereço da sua conta { $account }, digite este código onde ele foi pedido:
    
    { $code }
    
    Ele vale por { $minutes } minutos.
    
    Se você não tem essa conta, alguém errou o próprio endereço: não precisa fazer nada.
mail-delete-account-subject = Excluir sua conta
mail-delete-account-text =
    Alguém quer excluir sua conta { $account }, com tudo o que há nela, para sempre. Se é você, digite este código onde ele foi pedido:
    
    { $code }
    
    Ele vale por { $minutes } minutos.
    
    Se não é você, troque sua senha: alguém entrou no seu lugar. Não dê o código a ninguém.
mail-email-changed-subject = Seu e-mail foi trocado
mail-email-changed-text =
    Sua conta { $account } agora tem outro e-mail. Esta é a última mensagem para este endereço.
    
    Se não foi você, alguém entrou no seu lugar. Entre, verifique e pergunte a quem cuida da sua conta:
    
    { $page }
mail-password-changed-subject = Sua senha foi trocada
mail-password-changed-text =
    A senha da sua conta { $account } acabou de ser trocada, e todos os dispositivos e aplicativos foram desconectados.
    
    Se não foi você, defina outra agora:
    
    { $page }
mail-reset-password-subject = Um código para uma senha nova
mail-reset-password-text =
    Alguém pediu uma senha nova para sua conta { $account }. Se foi você, digite este código:
    
    { $code }
    
    Ele vale por { $minutes } minutos, aqui:
    
    { $page }
    
    Se não foi você, não precisa fazer nada: sem o código nada muda. Não o dê a ninguém.
mail-sign-in-subject = Seu código para entrar
mail-sign-in-text =
    Alguém está entrando na sua conta { $account } e sabe sua senha. Se é você, digite este código:
    
    { $code }
    
    Ele vale por { $minutes } minutos.
    
    Se não é você, troque sua senha. Não dê o código a ninguém.
